// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration
import Testing

@testable import Plants

@Suite("The shipped profiles")
struct PlantProfilesTests {
    @Test("are all that an upstream needs to be a leg", arguments: ["plant_id", "plantnet"])
    func complete(name: String) throws {
        let text = "upstreams: {api: {profile: \(name)}}\ncombined: {identify: {legs: [api]}}\n"
        let loader = ConfigurationLoader(environment: [:], profiles: PlantProfiles.all)
        let upstream = try #require(try loader.load(text: text).upstreams.first)
        let mapping = try #require(upstream.identify)
        #expect(upstream.url.isTLS)
        #expect(upstream.auth != nil)
        #expect(mapping.request.accepts.isSuperset(of: [.jpeg, .png]))
        #expect(mapping.request.accepts.contains(.webp) == (name == "plant_id"))
    }

    @Test("are two")
    func names() {
        #expect(PlantProfiles.all.keys.sorted() == ["plant_id", "plantnet"])
    }
}
