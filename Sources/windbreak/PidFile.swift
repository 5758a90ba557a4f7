// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// A file that names the process for as long as it runs, and that a second process cannot take from it.
///
/// The process holds a lock on it. A number that was left behind by a crash, and that may meanwhile be another
/// process's, therefore bars nobody.
struct PidFile: ~Copyable {
    private let path: String
    private let descriptor: Int32

    enum Failure: Error, CustomStringConvertible {
        case isHeld(path: String, by: String)
        case cannotWrite(path: String, code: Int32)

        var description: String {
            switch self {
            case .isHeld(let path, let process): "\(path) belongs to process \(process), which is running"
            case .cannotWrite(let path, let code):
                "cannot write the pid file \(path): \(String(cString: strerror(code)))"
            }
        }
    }

    /// Writes the file. It appears at once and whole, in place of one that nobody holds.
    init(claiming path: String) throws(Failure) {
        let old = try Self.lock(path)
        defer { close(old) }
        let draft = "\(path).\(getpid())"
        let descriptor = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else { throw .cannotWrite(path: draft, code: errno) }
        let text = "\(getpid())\n"
        guard
            flock(descriptor, LOCK_EX | LOCK_NB) == 0,
            write(descriptor, text, text.utf8.count) == text.utf8.count,
            rename(draft, path) == 0
        else {
            let code = errno
            close(descriptor)
            unlink(draft)
            throw .cannotWrite(path: path, code: code)
        }
        self.path = path
        self.descriptor = descriptor
    }

    /// Removes the file, unless somebody has put another in its place.
    deinit {
        if Self.isFile(self.descriptor, at: self.path) { unlink(self.path) }
        close(self.descriptor)
    }

    /// Holds whatever is at the path now, so that of two processes that start at once one gives way.
    private static func lock(_ path: String) throws(Failure) -> Int32 {
        for _ in 0..<100 {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
            guard descriptor >= 0 else { throw .cannotWrite(path: path, code: errno) }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let process = Self.contents(of: descriptor)
                close(descriptor)
                throw .isHeld(path: path, by: process)
            }
            // It may have been replaced between the two calls.
            if Self.isFile(descriptor, at: path) { return descriptor }
            close(descriptor)
        }
        throw .cannotWrite(path: path, code: EAGAIN)
    }

    private static func isFile(_ descriptor: Int32, at path: String) -> Bool {
        var (ours, theirs) = (stat(), stat())
        return fstat(descriptor, &ours) == 0 && stat(path, &theirs) == 0
            && ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev
    }

    /// The number in the file; digits only, as anybody may have written it.
    private static func contents(of descriptor: Int32) -> String {
        var bytes = [UInt8](repeating: 0, count: 20)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        let digits = bytes.prefix(max(0, count)).prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
        return digits.isEmpty ? "?" : String(decoding: digits, as: UTF8.self)
    }
}
