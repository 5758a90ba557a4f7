// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a command was asked for. Unlike with `Swift.print`, a script is told when it did not get all of it.
enum StandardOutput {
    /// - Throws: `Exit.failed` when the disk is full or the reader gone; standard error has the reason then.
    static func print(_ text: String, terminator: String = "\n") throws {
        var text = text + terminator
        let code = text.withUTF8 { bytes -> Int32 in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let written = write(STDOUT_FILENO, rest.baseAddress, rest.count)
                if written >= 0 {
                    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
        guard code != 0 else { return }
        StandardError.print("windbreak: cannot write to standard output: \(String(cString: strerror(code)))")
        throw Exit.failed
    }
}
