// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Testing

@testable import Plants

@Suite("A request to one API")
struct LegRequestTests {
    private let photos = [Sample.jpeg, Sample.png].compactMap { try? Sample.photo($0) }

    private func options(_ values: [String: [String]]) throws -> IdentifyOptions {
        try IdentifyOptions(values, images: self.photos.count)
    }

    @Test("is JSON with every image in base64 and the health of both in one call")
    func json() throws {
        let options = try self.options(["health": ["all"], "language": ["de,en"]])
        let request = LegRequest(SampleMapping.plantID.request, photos: self.photos, options: options)
        #expect(request.method == .post)
        #expect(request.path == "/identification?details=common_names%2Ctaxonomy&language=de%2Cen")
        #expect(request.fields["content-type"] == "application/json")
        let expected: JSON = [
            "images": [.string(Base64.encode(Sample.jpeg)), .string(Base64.encode(Sample.png))], "health": "all",
            "similar_images": false, "note": "vde,en",
        ]
        #expect(String(buffer: request.content) == expected.serialized)
    }

    @Test("leaves out what has no value")
    func withoutOptions() throws {
        let request = LegRequest(SampleMapping.plantID.request, photos: self.photos, options: IdentifyOptions())
        #expect(request.path == "/identification?details=common_names%2Ctaxonomy")
        let json = try JSON(parsing: request.content.readableBytesView)
        #expect(json.object?.map(\.name) == ["images", "similar_images"])
    }

    @Test("is a form with one organ for each image")
    func multipart() throws {
        let options = try self.options(["organs": ["leaf", "flower"], "language": ["de"]])
        let request = LegRequest(SampleMapping.plantNet.request, photos: self.photos, options: options)
        #expect(request.path == "/v2/identify/all?nb-results=10&lang=de")
        let form = try MultipartForm(
            content: request.content,
            contentType: try #require(request.fields["content-type"])
        )
        #expect(form.parts.map(\.name) == ["organs", "organs", "images", "images"])
        #expect(form.parts.prefix(2).map { String(buffer: $0.content) } == ["leaf", "flower"])
        #expect(form.parts.suffix(2).map(\.filename) == ["image1.jpg", "image2.png"])
        #expect(form.parts.suffix(2).map { $0.fields["content-type"] } == ["image/jpeg", "image/png"])
        #expect(form.parts.suffix(2).map(\.content) == [Sample.jpeg, Sample.png])
    }

    @Test("has no organs where the caller named none")
    func noOrgans() throws {
        let request = LegRequest(SampleMapping.plantNet.request, photos: self.photos, options: IdentifyOptions())
        let form = try MultipartForm(
            content: request.content,
            contentType: try #require(request.fields["content-type"])
        )
        #expect(form.parts.map(\.name) == ["images", "images"])
    }

    @Test("is the image itself where the API takes nothing else")
    func raw() {
        let mapping = IdentificationMapping.Request(path: "/classify?v=1", body: .raw)
        var request = LegRequest(mapping, photos: self.photos, options: IdentifyOptions())
        request.addQuery("token", "a%2Fb")
        #expect(request.path == "/classify?v=1&token=a%2Fb")
        #expect(request.content == Sample.jpeg)
        #expect(request.fields["content-type"] == "image/jpeg")
    }

    @Test("is the same bytes for the same photo")
    func stableBytes() {
        let requests = (0..<2).map { _ in
            LegRequest(SampleMapping.plantNet.request, photos: self.photos, options: IdentifyOptions())
        }
        #expect(requests[0] == requests[1])
    }

    @Test("has a boundary that no image holds")
    func boundary() {
        let first = Boundary.make(for: [Sample.jpeg])
        #expect(first == Boundary.make(for: [Sample.jpeg]))
        #expect(first != Boundary.make(for: [Sample.png]))
        #expect(first != Boundary.make(for: [Sample.jpeg, Sample.jpeg]))
        #expect(Boundary.make(for: []).utf8.count == 26)
    }
}
