// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// The file of a Unix socket that this process listens at. Removed when nobody refers to it any more.
final class UnixSocketFile: Sendable {
    /// Why the path cannot be used.
    enum Failure: Error, CustomStringConvertible {
        case inUse
        case notASocket
        case unusable(Int32)

        var description: String {
            switch self {
            case .inUse: "another process listens there"
            case .notASocket: "there is a file which is no socket"
            case .unusable(let code): String(cString: strerror(code))
            }
        }
    }

    private let path: String
    private let identity: Identity

    /// Which file it is: another process may have put its own in place of ours.
    private struct Identity: Equatable {
        var device: dev_t
        var inode: ino_t
    }

    /// Takes a stale file away, which a process that was killed left behind; never one that somebody listens at.
    static func clear(_ path: String) throws(Failure) {
        var status = stat()
        guard lstat(path, &status) == 0 else {
            guard errno == ENOENT else { throw .unusable(errno) }
            return
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket }
        guard try Self.isStale(path) else { throw .inUse }
        guard unlink(path) == 0 || errno == ENOENT else { throw .unusable(errno) }
    }

    /// The file that was just bound.
    init(bound path: String) throws(Failure) {
        self.path = path
        self.identity = try Self.identity(of: path)
    }

    deinit {
        if let identity = try? Self.identity(of: self.path), identity == self.identity { unlink(self.path) }
    }

    private static func identity(of path: String) throws(Failure) -> Identity {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw .unusable(errno) }
        return Identity(device: status.st_dev, inode: status.st_ino)
    }

    /// Whether a connection to it is refused, which says that nobody listens.
    private static func isStale(_ path: String) throws(Failure) -> Bool {
        guard let address = try? SocketAddress(unixDomainSocketPath: path) else { throw .unusable(ENAMETOOLONG) }
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { throw .unusable(errno) }
        defer { close(descriptor) }
        let result = address.withSockAddr { connect(descriptor, $0, socklen_t($1)) }
        return result != 0 && (errno == ECONNREFUSED || errno == ENOENT)
    }
}
