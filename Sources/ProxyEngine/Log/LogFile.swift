// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where lines go.
package enum LogDestination: Hashable, Sendable, CustomStringConvertible {
    case standardOutput, standardError
    /// Appended to; made if it is missing.
    case file(String)

    package var description: String {
        switch self {
        case .standardOutput: "standard output"
        case .standardError: "standard error"
        case .file(let path): "the log file \(path)"
        }
    }
}

/// A destination that cannot be opened, or not be written to.
package struct LogFileError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Action: String, Sendable {
        case open = "open"
        case write = "write to"
    }

    package let action: Action
    package let destination: LogDestination
    /// `errno` of the call that failed.
    package let code: Int32

    package var description: String {
        "cannot \(self.action.rawValue) \(self.destination): \(String(cString: strerror(self.code)))"
    }
}

/// An open destination; a file is closed with the last reference to it.
final class LogFile: Sendable {
    private let destination: LogDestination
    private let descriptor: Int32
    private let isOwned: Bool

    init(_ destination: LogDestination) throws(LogFileError) {
        self.destination = destination
        switch destination {
        case .standardOutput:
            self.descriptor = STDOUT_FILENO
            self.isOwned = false
        case .standardError:
            self.descriptor = STDERR_FILENO
            self.isOwned = false
        case .file(let path):
            self.descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0o640)
            self.isOwned = true
            guard self.descriptor >= 0 else { throw LogFileError(action: .open, destination: destination, code: errno) }
        }
    }

    deinit {
        if self.isOwned, self.descriptor >= 0 { close(self.descriptor) }
    }

    /// Writes everything.
    ///
    /// - Throws: When the disk is full or the reader gone; some of it may be written then.
    func writeAll(_ bytes: ArraySlice<UInt8>) throws(LogFileError) {
        let code = bytes.withUnsafeBytes { bytes -> Int32 in
            var rest = bytes
            while !rest.isEmpty {
                let written = write(self.descriptor, rest.baseAddress, rest.count)
                if written >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                } else if errno == EAGAIN {
                    var ready = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, -1)
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
        if code != 0 { throw LogFileError(action: .write, destination: self.destination, code: code) }
    }
}
