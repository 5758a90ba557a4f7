// SPDX-License-Identifier: Apache-2.0

import Foundation
import HTTPCaching
import HTTPMessage
import NIOCore

enum Samples {
    static func request(_ number: Int, upstream: String = "test") -> CachedRequest {
        CachedRequest(upstream: upstream, method: .get, target: "/\(number)")
    }

    static func response(
        _ content: String,
        fields: HeaderFields = ["Content-Type": "text/plain"],
        for request: HeaderFields = [:],
        at now: Moment = .now,
        retention: Duration = .seconds(3600)
    ) -> StoredResponse {
        var values: [Variant.Field] = []
        request.forEach({ values.append(.init(name: $0.lowercased(), values: Array("\($1)\n".utf8))) })
        return StoredResponse(
            ResponseHead(200, fields: fields),
            content: ByteBuffer(string: content),
            variant: Variant(values, isUnique: false),
            reuse: Reuse(lifetime: retention),
            storedAt: now,
            initialAge: 0,
            retainedUntil: now + retention
        )
    }
}

/// A folder of its own for one test.
struct Folder: Sendable {
    let url: URL

    init() throws {
        self.url = FileManager.default.temporaryDirectory.appending(path: "windbreak-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: self.url, withIntermediateDirectories: true)
    }

    var file: String { self.url.appending(path: "cache.db").path() }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: self.url.path()))?.sorted() ?? [] }

    func remove() { try? FileManager.default.removeItem(at: self.url) }
}
