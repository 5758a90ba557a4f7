// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import TestSupport
import Testing

@testable import Plants

@Suite("What the combined endpoint sends and takes", .timeLimit(.minutes(1)))
struct CombinedEndpointTests {
    @Test("is one request to each API, in the form that its profile says")
    func requests() async throws {
        let plants = try await PlantStage()
        let options: [(String, JSON)] = [("organs", ["leaf", "flower"]), ("language", "de"), ("health", "all")]
        let answer = try await plants.stage.identify([Sample.jpeg, Sample.png], options)
        #expect(answer.status == 200)
        let plantID = try #require(plants.plantID.requests.first)
        #expect(plants.plantID.requests.count == 1)
        #expect(plantID.method == "POST")
        #expect(plantID.target.hasPrefix("/api/v3/identification?details=common_names%2Ctaxonomy"))
        #expect(plantID.target.contains("language=de"))
        let json = try JSON(parsing: plantID.body.readableBytesView)
        #expect(json["images"] == [.string(Base64.encode(Sample.jpeg)), .string(Base64.encode(Sample.png))])
        #expect(json["health"] == "all")

        let plantNet = try #require(plants.plantNet.requests.first)
        #expect(plantNet.target.hasPrefix("/v2/identify/all"))
        #expect(plantNet.target.contains("lang=de"))
        let form = try MultipartForm(
            content: plantNet.body,
            contentType: try #require(plantNet.fields["content-type"])
        )
        #expect(form.parts.filter { $0.name == "images" }.map(\.content) == [Sample.jpeg, Sample.png])
        #expect(form.parts.filter { $0.name == "organs" }.map { String(buffer: $0.content) } == ["leaf", "flower"])
        await plants.stop()
    }

    @Test("passes each caller's key to the one API that it is for")
    func callersKeys() async throws {
        let plants = try await PlantStage()
        _ = try await plants.stage.identify(
            target: "/identify?api-key=net%2Fkey&other=1",
            fields: ["Api-Key": "id-key", "Authorization": "Bearer x", "Cookie": "c=1"]
        )
        let plantID = try #require(plants.plantID.requests.first)
        #expect(plantID.fields["api-key"] == "id-key")
        #expect(!plantID.target.contains("net%2Fkey"))
        let plantNet = try #require(plants.plantNet.requests.first)
        #expect(plantNet.target.hasSuffix("api-key=net%2Fkey"))
        #expect(!plantNet.fields.contains("api-key"))
        for request in [plantID, plantNet] {
            #expect(!request.fields.contains("authorization"))
            #expect(!request.fields.contains("cookie"))
            #expect(!request.target.contains("other=1"))
        }
        await plants.stop()
    }

    @Test("says for whom it asks, where that is forwarded")
    func forwarded() async throws {
        let plants = try await PlantStage(legs: "cache: off, forwarded: append")
        _ = try await plants.stage.identify(fields: ["X-Forwarded-For": "192.0.2.7", "Host": "plants.example"])
        for request in plants.plantID.requests + plants.plantNet.requests {
            #expect(request.fields.values(of: "x-forwarded-for") == ["192.0.2.7, 127.0.0.1"])
            #expect(request.fields["x-forwarded-proto"] == "http")
            #expect(request.fields["x-forwarded-host"] == "plants.example")
            #expect(request.fields["host"] != "plants.example")
        }
        await plants.stop()
    }

    @Test("sends the proxy's own keys in place of the caller's")
    func ownKeys() async throws {
        let plants = try await PlantStage(legs: "cache: off, api_key: own")
        _ = try await plants.stage.identify(target: "/identify?api-key=theirs", fields: ["Api-Key": "theirs"])
        #expect(try #require(plants.plantID.requests.first).fields.values(of: "api-key") == ["own"])
        let target = try #require(plants.plantNet.requests.first).target
        #expect(target.contains("api-key=own"))
        #expect(!target.contains("theirs"))
        await plants.stop()
    }

    @Test("takes the same photo from the cache, even while a circuit is open")
    func cached() async throws {
        let plants = try await PlantStage(legs: "cache: {ttl: 1h}")
        let first = try await plants.stage.identify()
        #expect(first.provider("plant_id", "cached") == false)
        plants.stage.open("plant_id")
        let second = try await plants.stage.identify()
        #expect(second.status == 200)
        #expect(second.json["degraded"] == false)
        #expect(second.provider("plant_id", "cached") == true)
        #expect(second.provider("plantnet", "cached") == true)
        #expect(second.json["combined_suggestions"] == first.json["combined_suggestions"])
        #expect(plants.plantID.requests.count == 1)
        #expect(plants.plantNet.requests.count == 1)
        await plants.stop()
    }

    @Test("gives the calls up when the client goes away")
    func clientAbort() async throws {
        let plants = try await PlantStage(plantID: { _ in .stall })
        let client = try await TestClient(to: plants.stage.port)
        try await client.send(
            "POST",
            "/identify",
            ["Content-Type": "application/json"],
            body: Stage.body([Sample.jpeg])
        )
        try await plants.plantID.requests(atLeast: 1)
        await client.abort()
        _ = try await plants.plantID.end(ofConnection: 0)
        #expect(plants.stage.state(of: "plant_id") == "closed")
        #expect(plants.stage.log.count(of: "error") == 0)
        await plants.stop()
    }

    @Test(
        "asks no API about what is no photo",
        arguments: [
            ("application/json", "{}", 400), ("application/json", #"{"images":["R0lGODlh"]}"#, 415),
            ("image/jpeg", "GIF89a", 415),
            ("text/plain", "x", 415), ("multipart/form-data; boundary=B", "--B--\r\n", 400),
        ]
    )
    func callerErrors(contentType: String, body: String, status: Int) async throws {
        let plants = try await PlantStage()
        let client = try await TestClient(to: plants.stage.port)
        let response = try await client.exchange("POST", "/identify", ["Content-Type": contentType], body: body)
        #expect(response.status == status)
        #expect(response.fields["content-type"] == "application/problem+json")
        #expect(response.fields["proxy-status"]?.contains("http_request_error") == true)
        let problem = try JSON(parsing: response.body.readableBytesView)
        #expect(problem["status"] == .int(status))
        #expect(problem["detail"]?.string?.isEmpty == false)
        #expect(plants.plantID.requests.isEmpty && plants.plantNet.requests.isEmpty)
        await client.close()
        await plants.stop()
    }

    @Test("takes a third API that only YAML knows")
    func inventedAPI() async throws {
        let leaf = try await FaultyUpstream { _ in
            .respond(
                body: #"""
                    {"guesses":[{"taxon":{"label":"Aloe vera (L.) Burm.f.","group":"Asphodelaceae"},"certainty":"0.5",
                    "called":"Burn plant"},{"taxon":{"label":"Agave americana"},"certainty":"0.4"}]}
                    """#
            )
        }
        let plantNet = try await FaultyUpstream { _ in .plantNet() }
        let stage = try await Stage(
            """
            upstreams:
              plantnet: {profile: plantnet, url: "\(plantNet.url)", cache: off}
              leaf:
                url: \(leaf.url)/v9
                auth: {header: X-Leaf-Token}
                identify:
                  request:
                    path: /classify
                    accepts: [jpeg, png, webp]
                    query: {lang: "{language}", mode: fast}
                    body: raw
                  response:
                    suggestions: /guesses
                    no_match: [204]
                    fields:
                      scientific_name: /taxon/label
                      probability: /certainty
                      common_names: /called
                      family: /taxon/group
            combined:
              identify: {legs: [plantnet, leaf]}
            """
        )
        let answer = try await stage.identify(fields: ["X-Leaf-Token": "t"])
        #expect(answer.status == 200)
        #expect(answer.json["degraded"] == false)
        #expect(answer.names == ["Aloe vera", "Agave americana"])
        let aloe = answer.json[pointer: "/combined_suggestions/0"]
        #expect(aloe?["sources"]?.serialized == #"{"plantnet":0.91,"leaf":0.5}"#)
        #expect(aloe?["common_names"] == ["True aloe", "Burn plant"])
        let request = try #require(leaf.requests.first)
        #expect(request.target == "/v9/classify?mode=fast")
        #expect(request.fields["content-type"] == "image/jpeg")
        #expect(request.fields["x-leaf-token"] == "t")
        #expect(request.body == Sample.jpeg)
        await stage.stop()
        await leaf.stop()
        await plantNet.stop()
    }
}
