// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Testing

@testable import Plants

@Suite("A request for an identification")
struct IdentifyRequestTests {
    private func parse(
        _ contentType: String?,
        _ content: ByteBuffer,
        query: String? = nil
    ) throws(CallerError) -> IdentifyRequest {
        try IdentifyRequest(contentType: contentType, query: query, content: content, limits: Sample.limits)
    }

    private func status(_ contentType: String?, _ content: ByteBuffer, query: String? = nil) -> Int? {
        #expect(throws: CallerError.self) { try self.parse(contentType, content, query: query) }?.status
    }

    private func form(_ parts: MultipartForm.Part...) -> ByteBuffer {
        MultipartForm(parts: parts).serialized(boundary: "B")
    }

    private let formType = "multipart/form-data; boundary=B"

    // MARK: Forms

    @Test("is a form with one image", arguments: ["image", "images"])
    func oneImage(name: String) throws {
        let content = self.form(.init(name: name, filename: "a.gif", contentType: "image/gif", content: Sample.jpeg))
        let request = try self.parse(self.formType, content)
        #expect(request.photos.map(\.format) == [.jpeg])
        #expect(request.photos.map(\.content) == [Sample.jpeg])
        #expect(request.options == IdentifyOptions())
    }

    @Test("is a form with several images and options")
    func severalImages() throws {
        let content = self.form(
            .init(name: "organs", content: ByteBuffer(string: "leaf")),
            .init(name: "images", filename: "a", content: Sample.jpeg),
            .init(name: "organs", content: ByteBuffer(string: "flower")),
            .init(name: "images", filename: "b", content: Sample.webp),
            .init(name: "language", content: ByteBuffer(string: "de")),
            .init(name: "health", content: ByteBuffer(string: "true")),
            .init(name: "csrfmiddlewaretoken", content: ByteBuffer(string: "x"))
        )
        let request = try self.parse(self.formType, content, query: "language=en&api-key=k")
        #expect(request.photos.map(\.format) == [.jpeg, .webp])
        #expect(request.options.organs == ["leaf", "flower"])
        #expect(request.options.language == "de")
        #expect(request.options.health == "all")
    }

    @Test("says what is wrong with a form")
    func badForms() {
        #expect(self.status(self.formType, self.form(.init(name: "file", content: Sample.jpeg))) == 400)
        #expect(self.status(self.formType, self.form(.init(name: "image", content: ByteBuffer()))) == 400)
        #expect(self.status(self.formType, self.form(.init(name: "image", content: ByteBuffer(string: "x")))) == 415)
        #expect(self.status(self.formType, ByteBuffer(string: "--B\r\n")) == 400)
        #expect(self.status("multipart/form-data", self.form(.init(name: "image", content: Sample.jpeg))) == 400)
        let six = MultipartForm(parts: Array(repeating: .init(name: "images", content: Sample.png), count: 6))
        #expect(self.status(self.formType, six.serialized(boundary: "B")) == 400)
        let large = ByteBuffer(bytes: Array(Sample.jpeg.readableBytesView) + Array(repeating: 0, count: 1000))
        #expect(self.status(self.formType, self.form(.init(name: "image", content: large))) == 413)
    }

    // MARK: Images themselves

    @Test(
        "is an image, whatever kind its sender takes it for",
        arguments: [
            "image/jpeg", "IMAGE/png", "image/webp; q=1", "application/octet-stream", nil,
        ]
    )
    func raw(contentType: String?) throws {
        let request = try self.parse(contentType, Sample.png, query: "organs=leaf&health=auto&language=zh-Hans%2Cen")
        #expect(request.photos.map(\.format) == [.png])
        #expect(request.options.organs == ["leaf"])
        #expect(request.options.health == "auto")
        #expect(request.options.language == "zh-Hans,en")
    }

    @Test("is nothing else")
    func badContent() {
        #expect(self.status("image/jpeg", ByteBuffer(string: "GIF89a")) == 415)
        #expect(self.status("image/jpeg", ByteBuffer()) == 400)
        #expect(self.status("text/html", Sample.jpeg) == 415)
        #expect(self.status("application/x-www-form-urlencoded", Sample.jpeg) == 415)
        #expect(self.status("nonsense", Sample.jpeg) == 415)
    }

    // MARK: JSON

    @Test("is JSON with base64, bare or as data URI")
    func json() throws {
        let bare = Base64.encode(Sample.jpeg)
        let uri = "data:image/gif;base64,\(Base64.encode(Sample.png))"
        let body: JSON = [
            "images": [.string(bare), .string(uri)], "organs": ["leaf", "bark"], "health": true, "language": .null,
            "latitude": .double(49.2),
        ]
        let request = try self.parse("application/json; charset=utf-8", ByteBuffer(string: body.serialized))
        #expect(request.photos.map(\.format) == [.jpeg, .png])
        #expect(request.options.organs == ["leaf", "bark"])
        #expect(request.options.health == "all")
        #expect(request.options.language == nil)
        let single: JSON = ["image": .string(bare), "organs": "leaf"]
        #expect(try self.parse("application/json", ByteBuffer(string: single.serialized)).photos.count == 1)
    }

    @Test(
        "says what is wrong with JSON",
        arguments: [
            ("", 400), ("[]", 400), ("{}", 400), (#"{"images":[]}"#, 400), (#"{"images":[1]}"#, 400),
            (#"{"images":{"a":1}}"#, 400), (#"{"images":["https://example.com/a.jpg"]}"#, 400),
            (#"{"images":[""]}"#, 400),
            (#"{"images":["data:image/png,abc"]}"#, 400), (#"{"images":["data:"]}"#, 400),
            (#"{"images":["R0lGODlh"]}"#, 415),
            (#"{"images":["/9j/AA=="],"organs":[1]}"#, 400), (#"{"images":["/9j/AA=="],"images":["/9j/AA=="]}"#, 400),
            (#"{"images":["/9j/AA=="],"health":"all","health":"none"}"#, 400),
        ]
    )
    func badJSON(text: String, status: Int) {
        #expect(self.status("application/json", ByteBuffer(string: text)) == status)
    }

    @Test("is refused before its base64 is decoded, if it is too long")
    func longJSON() {
        let text = #"{"images":[""# + String(repeating: "!", count: 2000) + #""]}"#
        #expect(self.status("application/json", ByteBuffer(string: text)) == 413)
    }

    // MARK: Options

    @Test("spreads one organ over all images, and takes no other wrong number")
    func organCount() throws {
        #expect(try IdentifyOptions(["organs": ["leaf"]], images: 3).organs == ["leaf", "leaf", "leaf"])
        #expect(try IdentifyOptions(["organs": ["leaf, bark"]], images: 2).organs == ["leaf", "bark"])
        #expect(throws: CallerError.self) { try IdentifyOptions(["organs": ["leaf", "bark"]], images: 3) }
    }

    @Test(
        "lets no option carry more than words",
        arguments: [
            ["organs": ["leaf\r\nX: y"]], ["organs": ["a&b=c"]], ["language": ["e n"]], ["language": ["en\"", "de"]],
            ["language": ["en", "de"]], ["health": ["maybe"]], ["organs": [String(repeating: "a", count: 33)]],
        ]
    )
    func hostileOptions(values: [String: [String]]) {
        #expect(throws: CallerError.self) { try IdentifyOptions(values, images: 1) }
    }
}
