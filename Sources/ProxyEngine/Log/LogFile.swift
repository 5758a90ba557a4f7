// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Where lines go.
package enum LogDestination: Hashable, Sendable {
    case standardOutput, standardError
    /// Appended to; made if it is missing.
    case file(String)
}

/// A log file that cannot be opened.
package struct LogFileError: Error, Sendable, CustomStringConvertible {
    package let path: String
    /// `errno` of the call that failed.
    package let code: Int32

    package var description: String { "cannot open the log file \(self.path): \(String(cString: strerror(self.code)))" }
}

/// An open destination; a file is closed with the last reference to it.
final class LogFile: Sendable {
    private let descriptor: Int32
    private let isOwned: Bool

    init(_ destination: LogDestination) throws(LogFileError) {
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
            guard self.descriptor >= 0 else { throw LogFileError(path: path, code: errno) }
        }
    }

    deinit {
        if self.isOwned, self.descriptor >= 0 { close(self.descriptor) }
    }

    /// Writes everything, or returns false: a full disk or a reader that is gone has nobody else to be told.
    func writeAll(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let written = write(self.descriptor, rest.baseAddress, rest.count)
                if written >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                } else if errno == EAGAIN {
                    var ready = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
                    poll(&ready, 1, -1)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }
}
