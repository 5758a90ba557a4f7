// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import NIOPosix
import ProxyConfiguration
import Testing

@testable import ProxyEngine

@Suite struct AccessGateTests {
    private static let token = "correct-horse-battery"

    private static func gate(tokens: [String] = [], networks: [String] = []) throws -> AccessGate {
        var rules = AccessRules()
        rules.tokens = tokens.map { Secret($0) }
        rules.networks = try networks.map { try #require(IPNetwork($0)) }
        return try #require(AccessGate(rules))
    }

    private static func request(
        _ fields: HeaderFields,
        _ target: String = "/",
        method: HTTPMethod = .get,
        from address: String = "192.0.2.1"
    ) -> Request {
        let worker = Worker(loop: MultiThreadedEventLoopGroup.singleton.any(), index: 0)
        let client = Request.Client(address: address, isTLS: false)
        return Request(RequestHead(method, target, fields: fields), client: client, worker: worker)
    }

    private static func basic(_ text: String) -> String { "Basic " + Base64.encode(ByteBuffer(string: text)) }

    private static func kind(of request: Request, at gate: AccessGate) -> ProxyError.Kind? {
        do throws(ProxyError) {
            _ = try gate.admitted(request)
            return nil
        } catch {
            return error.kind
        }
    }

    @Test(
        arguments: [
            ("Proxy-Authorization", basic("me:\(token)")), ("Proxy-Authorization", "Bearer \(token)"),
            ("proxy-authorization", "bearer  \(token)"), ("Authorization", basic(":\(token)")),
            ("Authorization", "Bearer \(token)"), ("X-Windbreak-Token", token),
        ]
    )
    func aTokenLetsInAndGoesNoFurther(_ name: String, _ value: String) throws {
        let gate = try Self.gate(tokens: ["another-one-entirely", Self.token])
        let request = try gate.admitted(Self.request([name: value, "Accept": "*/*"]))
        #expect(request.head.fields.contains("accept"))
        #expect(!request.head.fields.contains(name.lowercased()))
    }

    @Test func theUpstreamsOwnCredentialsStay() throws {
        let gate = try Self.gate(tokens: [Self.token])
        let own: HeaderFields = ["X-Windbreak-Token": Self.token, "Authorization": "Bearer of-the-upstream"]
        let request = try gate.admitted(Self.request(own))
        #expect(request.head.fields["authorization"] == "Bearer of-the-upstream")
        let twice: HeaderFields = ["X-Windbreak-Token": Self.token, "Authorization": "Bearer \(Self.token)"]
        let both = try gate.admitted(Self.request(twice))
        #expect(!both.head.fields.contains("authorization") && !both.head.fields.contains("x-windbreak-token"))
    }

    @Test(
        arguments: [
            "", "Bearer", "Bearer ", "Bearer \(token)x", "Bearer x\(token)", "Bearer \(token.dropLast())", token,
            "Bearer \(token)\(token)", "Digest \(token)", "Basic \(token)", "Basic !!!", basic("\(token)"),
            basic("\(token):"), basic("me:\(token):"), "Bearer CORRECT-HORSE-BATTERY",
        ]
    )
    func whatIsNotATokenDoesNot(_ value: String) throws {
        let gate = try Self.gate(tokens: [Self.token])
        #expect(Self.kind(of: Self.request(["Authorization": value]), at: gate) == .unauthorized)
        #expect(Self.kind(of: Self.request(["X-Windbreak-Token": value + " "]), at: gate) == .unauthorized)
    }

    @Test func whoSpeaksToAProxyIsAskedAsSuch() throws {
        let gate = try Self.gate(tokens: [Self.token])
        #expect(Self.kind(of: Self.request([:], "http://a.example/"), at: gate) == .proxyUnauthorized)
        #expect(Self.kind(of: Self.request([:], "a.example:443", method: .connect), at: gate) == .proxyUnauthorized)
        #expect(Self.kind(of: Self.request([:], "/a"), at: gate) == .unauthorized)
        #expect(Self.kind(of: Self.request([:], "*", method: .options), at: gate) == .unauthorized)
    }

    @Test(
        arguments: [
            ("10.1.2.3", true), ("::ffff:10.1.2.3", true), ("11.0.0.1", false), ("2001:db8::5", true),
            ("2001:db9::5", false), ("unix", true), ("unknown", false),
        ]
    )
    func networksAreOfTheClient(_ address: String, _ isIn: Bool) throws {
        let gate = try Self.gate(networks: ["10.0.0.0/8", "2001:db8::/32"])
        #expect(Self.kind(of: Self.request([:], from: address), at: gate) == (isIn ? nil : .forbidden))
    }

    @Test func aTunnelStaysOpenAsLongAsTheTokenThatOpenedItIsKnown() throws {
        let gate = try Self.gate(tokens: [Self.token])
        let credentials: HeaderFields = ["Proxy-Authorization": Self.basic("me:\(Self.token)")]
        let connect = Self.request(credentials, "a.example:443", method: .connect)
        var client = connect.client
        client.tunnel = OpenedTunnel(to: try #require(Authority("a.example:443")), by: connect)
        let head = RequestHead(.get, "/", fields: ["Authorization": "Bearer of-the-upstream"])
        let request = try gate.admitted(Request(head, client: client, worker: connect.worker))
        #expect(request.head.fields["authorization"] == "Bearer of-the-upstream")
        // What is said again in there is no more the upstream's than outside.
        let repeated = RequestHead(.get, "/", fields: ["Authorization": "Bearer \(Self.token)"])
        let bare = try gate.admitted(Request(repeated, client: client, worker: connect.worker))
        #expect(!bare.head.fields.contains("authorization"))
        #expect(Self.kind(of: request, at: try Self.gate(tokens: ["another-one"])) == .forbidden)
    }

    @Test func networkAndTokenAreBothNeeded() throws {
        let gate = try Self.gate(tokens: [Self.token], networks: ["10.0.0.0/8"])
        let fields: HeaderFields = ["X-Windbreak-Token": Self.token]
        #expect(Self.kind(of: Self.request(fields, from: "10.0.0.1"), at: gate) == nil)
        #expect(Self.kind(of: Self.request(fields, from: "11.0.0.1"), at: gate) == .forbidden)
        #expect(Self.kind(of: Self.request([:], from: "10.0.0.1"), at: gate) == .unauthorized)
    }
}
