// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyEngine
import Resilience
import Testing

@testable import Admin

@Suite("Circuits")
struct CircuitEndpointTests {
    let circuit = Circuit.silent("weather")
    var endpoint: CircuitEndpoint { CircuitEndpoint(circuit: self.circuit) }

    static let form: HeaderFields = ["Content-Type": "application/x-www-form-urlencoded"]
    static let json: HeaderFields = ["content-type": "Application/JSON; charset=utf-8"]

    private func post(_ body: String, _ fields: HeaderFields) async -> LocalResponse {
        await self.endpoint.respond(to: .of(.post, "/circuits/weather", fields: fields, body: body))
    }

    @Test("open by hand, for a time")
    func forceOpen() async {
        let response = await self.post(#"{"state": "open", "ttl": "60s"}"#, Self.json)
        #expect(response.status == 200)
        #expect(response.json?["state"] == "open")
        #expect(response.json?["forced"] == "open")
        #expect(response.json?["forced_until"]?.string != nil)
        #expect((0...60).contains(response.json?["retry_in"]?.double ?? -1))
        #expect(self.circuit.state == .open)
    }

    @Test("close by hand, until somebody resets")
    func forceClosed() async {
        let closed = await self.post("state=closed", Self.form)
        #expect(closed.json?["forced"] == "closed")
        #expect(closed.json?["forced_until"] == .null)
        let reset = await self.post("state=reset", Self.form)
        #expect(reset.status == 200)
        #expect(reset.json?["forced"] == .null)
    }

    @Test("are reset from whatever they were")
    func reset() async {
        self.circuit.force(.open, for: nil)
        let response = await self.endpoint.respond(to: .of(.post, "/circuits/weather", query: "state=reset"))
        #expect(response.json?["state"] == "closed")
        #expect(self.circuit.state == .closed)
        let causes = response.json?["transitions"]?.array?.compactMap { $0["cause"]?.string }
        #expect(causes == ["forced", "reset"])
    }

    static let unclear: [(String, HeaderFields)] = [
        ("", form), ("state=half-open", form), ("state=open&state=closed", form), ("state=open&ttl=soon", form),
        ("state=open&ttl=60", form), ("state=open&ttl=0s", form), ("state=open&ttl=31d", form),
        ("state=open&ttl=99999999999999999999s", form), ("state=reset&ttl=60s", form), ("state=open&for=60s", form),
        ("[]", json), ("{", json), (#"{"state": 1}"#, json), (#"{"state": "open"}"#, [:]), ("state=open", json),
    ]

    @Test("refuse what is not clear, and say why", arguments: unclear)
    func refuse(body: String, fields: HeaderFields) async {
        let response = await self.post(body, fields)
        #expect(response.status == 400)
        #expect(response.fields["Content-Type"] == "application/problem+json")
        #expect(response.json?["detail"]?.string?.isEmpty == false)
        #expect(self.circuit.state == .closed)
    }

    @Test(
        "are not moved by pages of other sites",
        arguments: [
            ["Origin": "https://example.com", "Host": "127.0.0.1:9901"], ["Sec-Fetch-Site": "cross-site"],
            ["Origin": "null", "Host": "127.0.0.1:9901"],
            ["Origin": "https://127.0.0.1:9901", "Host": "127.0.0.1:9901"],
            // A name that led elsewhere when the page came.
            ["Origin": "http://evil.example:9901", "Host": "evil.example:9901"],
        ] as [HeaderFields]
    )
    func crossSite(fields: HeaderFields) async {
        let response = await self.endpoint.respond(
            to: .of(.post, "/circuits/weather", query: "state=open", fields: fields)
        )
        #expect(response.status == 403)
        #expect(response.reason == "cross-site")
        #expect(self.circuit.state == .closed)
    }

    @Test(
        "are moved by the page of this listener, and by programs whatever they call it",
        arguments: [
            ["Origin": "http://127.0.0.1:9901", "Host": "127.0.0.1:9901", "Sec-Fetch-Site": "same-origin"],
            ["Origin": "http://localhost:9901", "Host": "localhost:9901"],
            ["Origin": "http://[::1]:9901", "Host": "[::1]:9901"], ["Host": "windbreak.example:9901"],
        ] as [HeaderFields]
    )
    func sameSite(fields: HeaderFields) async {
        let request = LocalRequest.of(.post, "/circuits/weather", query: "state=open", fields: fields)
        #expect(await self.endpoint.respond(to: request).status == 200)
    }

    @Test("may be moved under a name over TLS, where the certificate is for it")
    func sameSiteByName() async {
        let fields: HeaderFields = ["Origin": "https://admin.example", "Host": "admin.example"]
        var request = LocalRequest.of(.post, "/circuits/weather", query: "state=open", fields: fields)
        request.client.isTLS = true
        #expect(await self.endpoint.respond(to: request).status == 200)
    }

    @Test("are listed by name, in the order of the file")
    func list() async {
        let circuits = [Circuit.silent("zebra"), Circuit.silent("ant")]
        let response = await CircuitsEndpoint(circuits: circuits).respond(to: .of(.get, "/circuits"))
        #expect(response.json?.object?.map(\.name) == ["zebra", "ant"])
        #expect(
            response.json?["ant"]?.object?.map(\.name) == [
                "state", "available", "fail_count", "fail_max", "success_count", "success_threshold", "reset_timeout",
                "retry_in", "last_failure", "last_failure_reason", "mode", "forced", "forced_until", "since",
                "opened_total", "rejected_total", "in_flight", "transitions",
            ]
        )
    }

    @Test("are shown on the first page")
    func dashboard() async {
        self.circuit.force(.open, for: .seconds(60))
        let response = await Dashboard(circuits: [self.circuit]).respond(to: .of(.get, "/"))
        #expect(response.text.contains("<h1>Windbreak: unhealthy</h1>"))
        #expect(response.text.contains(#"<a href="/circuits/weather">weather</a><td>forced-open<td>enforce<td>0 of 5"#))
    }
}
