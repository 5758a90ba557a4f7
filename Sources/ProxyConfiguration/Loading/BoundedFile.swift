// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Reads small files whole, and no more of a large one than it takes to know that it is too large.
package enum BoundedFile {
    package enum Failure: Error {
        case unreadable(String)
        case tooLarge
    }

    package static func read(_ path: String, atMost limit: Int) throws(Failure) -> [UInt8] {
        guard !path.utf8.contains(0) else { throw .unreadable("its name has a zero octet") }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unreadable(Self.reason(errno)) }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = Self.readOnce(descriptor, into: &chunk)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .unreadable(Self.reason(errno)) }
            guard count > 0 else { return content }
            content += chunk[..<count]
            guard content.count <= limit else { throw .tooLarge }
        }
    }

    private static func readOnce(_ descriptor: Int32, into chunk: inout [UInt8]) -> Int {
        #if canImport(Darwin)
        chunk.withUnsafeMutableBytes { Darwin.read(descriptor, $0.baseAddress, $0.count) }
        #elseif canImport(Musl)
        chunk.withUnsafeMutableBytes { Musl.read(descriptor, $0.baseAddress, $0.count) }
        #else
        chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
        #endif
    }

    private static func reason(_ code: Int32) -> String {
        switch code {
        case ENOENT, ENOTDIR: "there is no such file"
        case EACCES, EPERM: "permission denied"
        case EISDIR: "it is a directory"
        case EMFILE, ENFILE: "too many files are open"
        default: "error \(code) of the system"
        }
    }
}
