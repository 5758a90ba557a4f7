// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import TestSupport
import Testing

@testable import ProxyEngine

/// Many that ask for the same at once, where the origin says what they may share.
@Suite(.serialized) struct StampedeTests {
    private func together(
        _ proxy: TestProxy,
        _ fields: [HeaderFields],
        _ gate: Gate
    ) async throws -> [TestResponse] {
        try await withThrowingTaskGroup(of: TestResponse.self) { group in
            for some in fields { group.addTask { try await proxy.exchange("GET", "/api/a", some) } }
            try await eventually("all exchanges") { try proxy.upstream().metrics.inFlight == fields.count }
            gate.open()
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test func followersGetWhatVariesLikeTheirOwn() async throws {
        let gate = Gate()
        try await withOriginCache { request, _ in
            let language = request.fields["accept-language"] ?? "none"
            return .respond(fields: ["Cache-Control": "max-age=60", "Vary": "Accept-Language"], body: language).after(
                gate
            )
        } _: { (proxy, origin) async throws in
            let languages = (0..<30).map { ["de", "en", "fr"][$0 % 3] }
            let answers = try await self.together(proxy, languages.map { ["Accept-Language": $0] }, gate)
            #expect(answers.map(\.text).sorted() == languages.sorted())
            #expect(origin.requests.count == 3)
        }
    }

    @Test func nobodyWaitsForWhatIsNotHis() async throws {
        let gate = Gate()
        try await withOriginCache { _, count in
            // The head of the first answer says it, and its content never ends.
            let private_ = Reply.respond(fields: ["Cache-Control": "private"], body: "answer \(count)")
            return count == 1
                ? .raw("HTTP/1.1 200 OK\r\nCache-Control: private\r\nContent-Length: 5\r\n\r\nx").after(gate).then(
                    .stall
                )
                : private_
        } _: { (proxy, origin) async throws in
            let first = try await proxy.client()
            try await first.send("GET", "/api/a")
            try await origin.requests(atLeast: 1)
            let answers = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for _ in 0..<5 { group.addTask { try await proxy.exchange("GET", "/api/a") } }
                try await eventually("all exchanges") { try proxy.upstream().metrics.inFlight == 6 }
                gate.open()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers.map(\.text)).count == 5)
            #expect(try await first.head().status == 200)
            // From now on they do not even wait for a head.
            let later = try await proxy.exchange("GET", "/api/a")
            #expect(later.cacheStatus.hasSuffix("detail=hit-for-miss"))
            await first.abort()
        }
    }

    @Test func whatIsKnownToBeTooMuchEachGetsForHimself() async throws {
        let (gate, size) = (Gate(), 1 << 20)
        try await withOriginCache {
            $0.cache?.maxEntry = 100_000
        } reply: { _, _ in
            Reply.headOnly(200, OriginCacheTests.fresh.appending(["Content-Length": "\(size)"])).then(.sendMany(size))
                .after(gate)
        } _: { (proxy, origin) async throws in
            let answers = try await self.together(proxy, Array(repeating: [:], count: 3), gate)
            #expect(answers.allSatisfy { $0.body.readableBytes == size && $0.isComplete })
            #expect(answers.allSatisfy { !$0.cacheStatus.contains("stored") } && origin.requests.count == 3)
        }
    }

    @Test func aFailureIsSharedOnceUnlessItIsPrivate() async throws {
        for (name, control) in [
            ("Cache-Control", "max-age=0"), ("Cache-Control", "private"), ("CDN-Cache-Control", "no-store"),
        ] {
            let gate = Gate()
            try await withOriginCache { _, _ in
                .respond(500, [name: control], body: "bad").after(gate)
            } _: { (proxy, origin) async throws in
                let answers = try await self.together(proxy, Array(repeating: [:], count: 4), gate)
                #expect(answers.allSatisfy { $0.status == 500 && $0.text == "bad" })
                #expect(origin.requests.count == (control == "max-age=0" ? 1 : 4))
            }
        }
    }

    @Test func whoWantsTheWholeIsNotContentWithAPart() async throws {
        let gate = Gate()
        try await withOriginCache { request, count in
            let part: HeaderFields = ["ETag": "\"a\"", "Content-Range": "bytes 0-1/9"]
            switch count {
            case 1: return .respond(206, part.appending(["Cache-Control": "max-age=5", "Age": "9"]), body: "ab")
            case 2: return .headOnly(304, ["ETag": "\"a\"", "Cache-Control": "max-age=60"]).after(gate)
            default: return .respond(fields: OriginCacheTests.fresh, body: "the whole")
            }
        } _: { (proxy, origin) async throws in
            let range: HeaderFields = ["Range": "bytes=0-1"]
            _ = try await proxy.exchange("GET", "/api/a", range)
            async let part = proxy.exchange("GET", "/api/a", range)
            try await origin.requests(atLeast: 2)
            async let whole = proxy.exchange("GET", "/api/a")
            try await eventually("both exchanges") { try proxy.upstream().metrics.inFlight == 2 }
            gate.open()
            let answers = try await [part, whole]
            #expect(answers.map(\.status) == [206, 200] && answers.map(\.text) == ["ab", "the whole"])
        }
    }

    @Test func oneValidationServesAll() async throws {
        let gate = Gate()
        try await withOriginCache { request, _ in
            request.fields.contains("if-none-match")
                ? .respond(304, ["Cache-Control": "max-age=60"]).after(gate)
                : .respond(fields: ["Cache-Control": "max-age=0", "ETag": "\"a\""], body: "body")
        } _: { (proxy, origin) async throws in
            _ = try await proxy.exchange("GET", "/api/a")
            let conditions: [HeaderFields] = [[:], ["If-None-Match": "\"a\""], ["Range": "bytes=0-1"], [:]]
            let answers = try await self.together(proxy, conditions, gate)
            #expect(answers.map(\.status).sorted() == [200, 200, 206, 304])
            #expect(origin.requests.count == 2)
        }
    }

    @Test(arguments: ["no-cache", "max-age=0"])
    func whatIsToBeValidatedEachTimeIsValidatedByEach(control: String) async throws {
        let gate = Gate()
        try await withOriginCache { request, count in
            request.fields.contains("if-none-match")
                ? .respond(304, ["Cache-Control": control])
                : .respond(fields: ["Cache-Control": control, "ETag": "\"a\""], body: "body").after(gate)
        } _: { (proxy, origin) async throws in
            let answers = try await self.together(proxy, Array(repeating: [:], count: 4), gate)
            #expect(answers.allSatisfy { $0.status == 200 && $0.text == "body" })
            #expect(origin.requests.map { $0.fields.contains("if-none-match") } == [false, true, true, true])
        }
    }

    @Test func whoAsksForANewAnswerGetsOneOfHisOwn() async throws {
        let gate = Gate()
        try await withOriginCache { _, count in
            .respond(fields: ["Cache-Control": "max-age=60"], body: "answer \(count)").after(gate)
        } _: { (proxy, origin) async throws in
            let fields: [HeaderFields] = [[:], [:], ["Cache-Control": "no-cache"]]
            let first = try await proxy.client()
            try await first.send("GET", "/api/a")
            try await origin.requests(atLeast: 1)
            _ = try await withThrowingTaskGroup(of: TestResponse.self) { group in
                for some in fields { group.addTask { try await proxy.exchange("GET", "/api/a", some) } }
                try await eventually("all exchanges") { try proxy.upstream().metrics.inFlight == 4 }
                gate.open()
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(try await first.response().text == "answer 1")
            #expect(origin.requests.count == 2)
        }
    }
}
