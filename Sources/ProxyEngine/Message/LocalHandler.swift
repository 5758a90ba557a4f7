// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

/// Answers requests within the proxy: health, circuits, combined, metrics.
package protocol LocalHandler: Sendable {
    /// The largest content it takes, in bytes; beyond it 413.
    var maxBody: Int { get }
    func respond(to request: LocalRequest) async -> LocalResponse
}

/// A request whose content has arrived whole.
package struct LocalRequest: Sendable {
    package var head: RequestHead
    /// The target's path, percent-encoded as it was sent.
    package var path: String
    /// What follows the `?`, or nil.
    package var query: String?
    package var body: ByteBuffer
    package var client: Request.Client
    package var worker: Worker
    package var id: RequestID

    package init(
        head: RequestHead,
        path: String,
        query: String?,
        body: ByteBuffer,
        client: Request.Client,
        worker: Worker,
        id: RequestID
    ) {
        self.head = head
        self.path = path
        self.query = query
        self.body = body
        self.client = client
        self.worker = worker
        self.id = id
    }
}

package struct LocalResponse: Sendable {
    package var status: Int
    package var fields: HeaderFields
    package var body: ByteBuffer
    /// Why it is an error, for the access line.
    package var reason: String?

    package init(_ status: Int, fields: HeaderFields = [:], body: ByteBuffer = ByteBuffer()) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    package init(_ status: Int, json: JSON, fields: HeaderFields = [:]) {
        self.init(status, fields: fields, body: ByteBuffer(string: json.serialized))
        self.fields.set("Content-Type", "application/json")
    }

    /// The problem document of an error.
    package init(_ error: ProxyError) {
        let response = error.response()
        var content = ByteBuffer()
        if case .whole(let body) = response.body { content = body }
        self.init(error.status, fields: response.head.fields, body: content)
        self.reason = response.report.reason
    }
}
