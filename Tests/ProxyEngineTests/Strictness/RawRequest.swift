// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience
import TestSupport
import Testing

@testable import ProxyEngine

/// Octets of a client, and what has to become of them.
struct RawRequest: Sendable {
    enum Fate: Sendable {
        /// Passed on, written anew: the start line and the client's own fields as they have to arrive.
        case forwarded(String, Content)
        /// Refused, and the connection closed.
        case refused(Int)
        /// Answered by the proxy itself; the connection stays.
        case answered(Int)
    }

    enum Content: Sendable, Equatable {
        case none
        case length(String)
        case chunked(String, trailers: HeaderFields = [:])
    }

    let text: String
    let fate: Fate

    /// One octet for each scalar, so that `\u{80}` is the octet 80.
    var bytes: [UInt8] { self.text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } }
    var method: String { String(self.text.prefix { $0 != " " }) }

    static func passes(_ text: String, as head: String, _ content: Content = .none) -> RawRequest {
        RawRequest(text: text, fate: .forwarded(head, content))
    }

    static func refused(_ texts: [String]) -> [RawRequest] { Self.refused(400, texts) }

    static func refused(_ status: Int, _ texts: [String]) -> [RawRequest] {
        texts.map { RawRequest(text: $0, fate: .refused(status)) }
    }

    static func answered(_ status: Int, _ texts: [String]) -> [RawRequest] {
        texts.map { RawRequest(text: $0, fate: .answered(status)) }
    }
}

/// Sends each request over a connection of its own with another one right behind it, and looks at both ends.
///
/// The upstream is mounted at `/api` and declared as `api.test`.
func expectFates(_ requests: [RawRequest], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let upstream = try await FaultyUpstream()
    try await withProxy(to: upstream) {
        $0.forwardedHeaders = .remove
        $0.hosts = ["api.test"]
    } _: { (proxy) async throws in
        for request in requests {
            do {
                try await RawExchange(request, proxy, upstream, sourceLocation).run()
            } catch {
                Issue.record("\(request.text.debugDescription): \(error)", sourceLocation: sourceLocation)
            }
        }
        #expect(try await proxy.exchange("GET", "/api/").text == "hello")
        #expect(try proxy.upstream().circuit.status.failCount == 0)
    }
}

private struct RawExchange {
    let request: RawRequest
    let proxy: TestProxy
    let upstream: FaultyUpstream
    let sourceLocation: SourceLocation

    private static let next = "GET /api/next HTTP/1.1\r\nHost: x\r\n\r\n"
    private static let limit = Duration.seconds(10)

    init(_ request: RawRequest, _ proxy: TestProxy, _ upstream: FaultyUpstream, _ sourceLocation: SourceLocation) {
        self.request = request
        self.proxy = proxy
        self.upstream = upstream
        self.sourceLocation = sourceLocation
    }

    func run() async throws {
        let before = self.upstream.requests.count
        let client = try await self.proxy.client()
        try await client.send(bytes: self.request.bytes + Array(Self.next.utf8))
        let response = try await client.response(to: self.request.method, upTo: Self.limit)
        switch self.request.fate {
        case .refused(let status):
            self.expect(response.status == status, "\(response.status)")
            self.expect(response.fields["connection"] == "close", response.rawHead)
            self.expect(try await client.end(upTo: Self.limit) == .finished, "reset")
            self.expect(self.upstream.requests.count == before, "passed on")
        case .answered(let status):
            self.expect(response.status == status, "\(response.status)")
            self.expect(try await client.response(upTo: Self.limit).status == 200, "the next request")
            self.expect(self.upstream.requests.dropFirst(before).map(\.target) == ["/next"], "passed on")
        case .forwarded(let head, let content):
            self.expect(response.status == 200, "\(response.status) \(response.text)")
            self.expect(try await client.response(upTo: Self.limit).status == 200, "the next request")
            let received = Array(self.upstream.requests.dropFirst(before))
            guard received.count == 2, received[1].target == "/next" else {
                return self.expect(false, "\(received.map(\.rawHead))")
            }
            self.expect(received[0], is: head, content)
        }
        await client.close()
    }

    private func expect(_ received: ReceivedRequest, is head: String, _ content: RawRequest.Content) {
        let version = self.request.text.contains(" HTTP/1.0\r\n") ? "1.0" : "1.1"
        var expected = head + "Via: \(version) \(RequestID.pseudonym)\r\nHost: 127.0.0.1:\(self.upstream.port)\r\n"
        var text = ""
        switch content {
        case .none: break
        case .length(let body):
            expected += "Content-Length: \(body.utf8.count)\r\n"
            text = body
        case .chunked(let body, let trailers):
            expected += "Transfer-Encoding: chunked\r\n"
            text = body
            self.expect(received.trailers == trailers, "\(received.trailers)")
        }
        self.expect(received.rawHead == expected + "\r\n", received.rawHead)
        self.expect(received.bodyText == text, received.bodyText)
    }

    private func expect(_ isSo: Bool, _ what: String) {
        if !isSo { Issue.record("\(self.request.text.debugDescription): \(what)", sourceLocation: self.sourceLocation) }
    }
}
