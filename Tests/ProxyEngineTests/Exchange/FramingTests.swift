// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

@Suite(.serialized) struct FramingTests {
    @Test(
        arguments: [
            Reply.headOnly(200, ["Content-Length": "1234", "ETag": "a"]),
            .headOnly(200, ["Transfer-Encoding": "chunked", "ETag": "a"]), .headOnly(200, ["ETag": "a"]),
            .headOnly(404, ["Content-Length": "1234", "ETag": "a"]),
        ]
    )
    func headHasNoContent(_ reply: Reply) async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(reply)
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let response = try await client.exchange("HEAD", "/api/")
            #expect(response.fields["etag"] == "a")
            #expect([nil, "1234"].contains(response.fields["content-length"]))
            // The connections are where they should be, both of them.
            #expect(try await client.exchange("GET", "/api/").text == "hello")
            #expect(upstream.requests.map(\.method) == ["HEAD", "GET"])
            #expect(upstream.record.value.accepted == 1)
        }
    }

    @Test func theLengthThatHeadTellsIsPassedOn() async throws {
        let upstream = try await FaultyUpstream { _ in .headOnly(200, ["Content-Length": "1234"]) }
        try await withProxy(to: upstream) { (proxy) async throws in
            #expect(try await proxy.exchange("HEAD", "/api/").fields["content-length"] == "1234")
        }
    }

    @Test(
        arguments: [
            Reply.headOnly(204, ["A": "b"]), .headOnly(304, ["A": "b"]),
            .headOnly(304, ["A": "b", "Content-Length": "5"]),
            .headOnly(204, ["A": "b", "Content-Length": "0"]),
            .headOnly(204, ["A": "b", "Transfer-Encoding": "chunked"]),
        ]
    )
    func aStatusWithoutContentHasNone(_ reply: Reply) async throws {
        let upstream = try await FaultyUpstream()
        upstream.script(reply)
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let response = try await client.exchange("GET", "/api/")
            #expect(response.fields["a"] == "b")
            #expect(!response.fields.contains("transfer-encoding"))
            // RFC 9110, 8.6.
            #expect(response.status != 204 || !response.fields.contains("content-length"))
            #expect(try await client.exchange("GET", "/api/").text == "hello")
        }
    }

    @Test(
        arguments: [
            Reply.respond(body: "content"), .respond(body: "content", as: .chunked),
            .respond(body: "content", as: .untilClose),
            .raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;x=\"y\"\r\ncon\r\n004\r\ntent\r\n0\r\n\r\n"),
        ],
        [1, 7, 1000]
    )
    func contentComesWhole(_ reply: Reply, _ pieces: Int) async throws {
        let upstream = try await FaultyUpstream { _ in reply.dripping(pieces, every: .zero) }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            for _ in 0..<2 {
                let response = try await client.exchange("GET", "/api/")
                #expect(response.text == "content" && response.isComplete)
            }
        }
    }

    @Test(arguments: [Reply.respond(body: "content", as: .chunked), .respond(body: "content")])
    func aClientOfHTTP10GetsWhatItUnderstands(_ reply: Reply) async throws {
        let upstream = try await FaultyUpstream { _ in
            reply.preceded(by: .raw("HTTP/1.1 103 Early\r\n\r\n")).dripping(20, every: .zero)
        }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send("GET /api/ HTTP/1.0\r\n\r\n")
            let response = try await client.response()
            #expect(response.text == "content" && response.isComplete)
            #expect(response.interim.isEmpty)
            #expect(!response.fields.contains("transfer-encoding"))
            #expect(try await client.end() == .finished)
        }
    }

    @Test func aClientOfHTTP10MayAskToKeepTheConnection() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            for _ in 0..<2 {
                try await client.send("GET /api/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
                let response = try await client.response()
                #expect(response.text == "hello")
                #expect(response.fields.list("connection", contains: "keep-alive"))
            }
        }
    }

    @Test func closeIsTheLastWordInHTTP10Too() async throws {
        let upstream = try await FaultyUpstream { _ in
            let head = "HTTP/1.0 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 5\r\n\r\n"
            return Reply([.send(ByteBuffer(string: head + "hello"))])
        }
        try await withProxy(to: upstream) { proxy in
            for count in 1...2 {
                let client = try await proxy.client()
                let request = "GET /api/ HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"
                try await client.send(request + request)
                let response = try await client.response()
                #expect(response.text == "hello")
                #expect(response.fields["connection"] == "close")
                #expect(try await client.end() == .finished)
                #expect(upstream.requests.count == count)
                #expect(upstream.record.value.accepted == count)
            }
        }
    }

    @Test func aClientMayAskToCloseTheConnection() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let response = try await client.exchange("GET", "/api/", ["Connection": "Close"])
            #expect(response.text == "hello")
            #expect(response.fields["connection"] == "close")
            #expect(try await client.end() == .finished)
            #expect(try await proxy.exchange("GET", "/api/").text == "hello")
            #expect(upstream.record.value.accepted == 1)
        }
    }

    @Test func trailersPassInBothDirections() async throws {
        let upstream = try await FaultyUpstream { _ in
            .respond(body: "content", as: .chunked, trailers: ["Digest": "x", "Content-Length": "1"])
        }
        try await withProxy(to: upstream) { proxy in
            let body = "4\r\nmore\r\n0\r\nSignature: y\r\nHost: evil\r\n\r\n"
            let client = try await proxy.client()
            for _ in 0..<2 {
                let response = try await client.exchange("POST", "/api/", ["Transfer-Encoding": "chunked"], body: body)
                #expect(response.text == "content")
                #expect(response.trailers == ["Digest": "x"])
            }
            #expect(upstream.requests.map(\.bodyText) == ["more", "more"])
            #expect(upstream.requests.map(\.trailers) == [["Signature": "y"], ["Signature": "y"]])
        }
    }

    @Test func trailersThatConnectionNamesEndHere() async throws {
        let upstream = try await FaultyUpstream { _ in
            let head = "HTTP/1.1 200 OK\r\nConnection: Hop\r\nTransfer-Encoding: chunked\r\n\r\n"
            let content = "5\r\nhello\r\n0\r\nHop: x\r\nEnd: y\r\nHTTP2-Settings: z\r\n\r\n"
            return Reply([.send(ByteBuffer(string: head + content))])
        }
        try await withProxy(to: upstream) { proxy in
            let response = try await proxy.client().exchange(
                "POST",
                "/api/",
                ["Transfer-Encoding": "chunked", "Connection": "Hop"],
                body: "4\r\nmore\r\n0\r\nHop: x\r\nX-Windbreak-Token: y\r\nEnd: z\r\n\r\n"
            )
            #expect(response.trailers == ["End": "y"])
            #expect(upstream.requests.map(\.trailers) == [["End": "z"]])
        }
    }

    @Test func contentOfARequestArrivesWithItsFraming() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let large = String(repeating: "0123456789", count: 50_000)
            _ = try await client.exchange("POST", "/api/", body: "small")
            _ = try await client.exchange("PUT", "/api/", body: large)
            _ = try await client.exchange("POST", "/api/", body: "")
            _ = try await client.exchange("GET", "/api/")
            _ = try await client.exchange("DELETE", "/api/", body: "x")
            let requests = upstream.requests
            #expect(requests.map(\.bodyText) == ["small", large, "", "", "x"])
            #expect(requests.map { $0.fields["content-length"] } == ["5", "500000", "0", nil, "1"])
            #expect(requests.allSatisfy { !$0.fields.contains("transfer-encoding") })
        }
    }

    @Test func contentThatComesOctetByOctetArrives() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            let request = "POST /api/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
            for byte in request.utf8 { try await client.send(bytes: [byte]) }
            #expect(try await client.response().text == "hello")
            #expect(upstream.requests.map(\.bodyText) == ["hello"])
        }
    }

    @Test func pipelinedRequestsAreAnsweredInTheirOrder() async throws {
        let upstream = try await FaultyUpstream { request in
            // The first takes longest.
            let answer = Reply.respond(body: request.target + request.bodyText)
            return request.target == "/1" ? answer.after(.milliseconds(50)) : answer
        }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            try await client.send(
                "GET /api/1 HTTP/1.1\r\nHost: x\r\n\r\n"
                    + "POST /api/2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
                    + "POST /api/3 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nd\r\n0\r\n\r\n"
                    + "GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n" + "GET /api/4 HTTP/1.1\r\nHost: x\r\n\r\n"
            )
            var texts: [String] = []
            for _ in 0..<5 {
                let response = try await client.response()
                texts.append(response.status == 200 ? response.text : "\(response.status)")
            }
            #expect(texts == ["/1", "/2abc", "/3d", "404", "/4"])
        }
    }

    // MARK: Interim responses

    @Test func interimResponsesPass() async throws {
        let upstream = try await FaultyUpstream { _ in
            .respond(body: "hello")
                .preceded(by: .raw("HTTP/1.1 103 Early Hints\r\nLink: a\r\nConnection: x\r\nX: y\r\n\r\n"))
                .preceded(by: .raw("HTTP/1.1 102 Processing\r\n\r\n")).preceded(
                    by: .raw("HTTP/1.1 100 Continue\r\n\r\n")
                )
        }
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            for _ in 0..<2 {
                let response = try await client.exchange("GET", "/api/")
                #expect(response.text == "hello")
                #expect(response.interim.map(\.status) == [102, 103])
                #expect(response.interim.last?.fields == ["Link": "a"])
            }
        }
    }

    @Test(
        arguments: [
            Reply.raw(String(repeating: "HTTP/1.1 103 Early Hints\r\n\r\n", count: 1000)),
            .raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"),
        ]
    )
    func aFloodOfInterimResponsesIsRefused(_ interim: Reply) async throws {
        let upstream = try await FaultyUpstream { _ in .respond(body: "hello").preceded(by: interim) }
        try await withProxy(to: upstream) { proxy in
            let response = try await proxy.exchange("GET", "/api/")
            #expect(response.status == 502)
            #expect(response.fields["proxy-status"]?.contains("error=http_protocol_error") == true)
        }
    }

    // MARK: Expectations

    @Test func contentIsAskedForWhereTheClientWaits() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            for _ in 0..<2 {
                try await client.send("POST", "/api/", ["Content-Length": "5", "Expect": "100-continue"])
                #expect(try await client.head().status == 100)
                try await client.send("12345")
                #expect(try await client.response().text == "hello")
            }
            #expect(upstream.requests.map(\.bodyText) == ["12345", "12345"])
            #expect(upstream.requests.allSatisfy { !$0.fields.contains("expect") })
        }
    }

    @Test func contentThatIsNotWantedIsNotAskedFor() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) {
            $0.maxBody = 100
        } _: { proxy in
            for (target, status) in [("/nowhere", 404), ("/api/", 413)] {
                let client = try await proxy.client()
                try await client.send("POST", target, ["Content-Length": "500", "Expect": "100-continue"])
                let response = try await client.response()
                #expect(response.status == status)
                #expect(response.interim.isEmpty)
                // Whether the content comes now nobody knows (RFC 9110, 10.1.1).
                #expect(try await client.end() == .finished)
            }
            #expect(upstream.requests.isEmpty)
        }
    }

    @Test func contentThatIsSentWithoutWaitingIsTaken() async throws {
        let upstream = try await FaultyUpstream()
        try await withProxy(to: upstream) { proxy in
            let client = try await proxy.client()
            for _ in 0..<2 {
                let response = try await client.exchange("POST", "/api/", ["Expect": "100-continue"], body: "12345")
                #expect(response.text == "hello")
            }
            #expect(upstream.requests.map(\.bodyText) == ["12345", "12345"])
        }
    }
}
