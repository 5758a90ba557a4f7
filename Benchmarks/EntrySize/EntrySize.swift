// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Stores answers of 1 KiB and prints the memory that each takes beyond its content and its fields, as the kernel has it,
/// and as the store counts it. Ends with 1 if that is 400 octets or more, or the count is off by more than a tenth.
///
///     swift run -c release entry-size [ENTRIES [CONTENT]]
@main
enum EntrySize {
    static func main() {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let (entries, length) = (numbers.first ?? 1_000_000, numbers.dropFirst().first ?? 1024)
        let store = MemoryStore(maxBytes: 1 << 40)
        let fields = self.fields(0).wireLength
        let before = self.resident
        for number in 0..<entries { self.keep(number, length, in: store) }
        let taken = (self.resident - before) / entries
        let counted = store.statistics.bytes / entries
        let overhead = taken - length - fields
        print("\(entries) entries of \(length) octets with fields of \(fields): \(taken) octets each")
        print("beyond content and fields: \(overhead); as the store counts: \(counted - length - fields)")
        let isCounted = abs(taken - counted) * 10 <= taken
        if overhead >= 400 || !isCounted { exit(1) }
        withExtendedLifetime(store) {}
    }

    private static func fields(_ number: Int) -> HeaderFields {
        [
            "Date": "Thu, 01 Jan 2026 00:00:00 GMT", "Content-Type": "application/json; charset=utf-8",
            "Content-Length": "1024", "Cache-Control": "public, max-age=86400",
            "ETag": "\"\(100_000_000 + number)\"", "Vary": "Accept-Encoding",
        ]
    }

    private static func keep(_ number: Int, _ length: Int, in store: MemoryStore) {
        let now = Moment.now
        let target = "/v1/identifications/\(100_000_000 + number)"
        let key = CacheKey(
            upstream: "plants",
            method: .get,
            target: target[...],
            fields: [:],
            content: ByteBuffer(),
            policy: CachePolicy(ttl: .seconds(60)),
            credentials: CredentialNames()
        )
        let response = StoredResponse(
            ResponseHead(200, fields: self.fields(number)),
            content: ByteBuffer(repeating: UInt8(truncatingIfNeeded: number), count: length),
            variant: Variant([], isUnique: false),
            reuse: Reuse(lifetime: .seconds(86400)),
            storedAt: now,
            initialAge: 0,
            retainedUntil: now + .seconds(86400)
        )
        store.store(response, for: key, of: CachedRequest(upstream: "plants", method: .get, target: target))
    }

    /// `VmRSS` of this process, in octets.
    private static var resident: Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var text = [CChar](repeating: 0, count: 256)
        guard fgets(&text, 256, file) != nil else { return 0 }
        let words = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }.split(separator: 0x20)
        return words.count > 1
            ? (Int(String(decoding: words[1], as: UTF8.self)) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
    }
}
