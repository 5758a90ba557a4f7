// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import TestSupport
import Testing

@Suite struct MultipartFormTests {
    // MARK: What clients send

    @Test func readsWhatCurlSends() throws {
        let form = try Self.parse(
            "--------------------------d74496d66958873e\r\n"
                + "Content-Disposition: form-data; name=\"organs\"\r\n\r\nauto\r\n"
                + "--------------------------d74496d66958873e\r\n"
                + "Content-Disposition: form-data; name=\"images\"; filename=\"a %22b%22.jpg\"\r\n"
                + "Content-Type: image/jpeg\r\n\r\n\u{1}\r\n\r\n--\r\n"
                + "\r\n--------------------------d74496d66958873e--\r\n",
            "multipart/form-data; boundary=------------------------d74496d66958873e"
        )
        #expect(form.isPlain)
        #expect(form.parts.map(\.name) == ["organs", "images"])
        #expect(form.parts.map(\.filename) == [nil, "a \"b\".jpg"])
        #expect(form.parts.map { String(buffer: $0.content) } == ["auto", "\u{1}\r\n\r\n--\r\n"])
        #expect(form.parts[1].fields["content-type"] == "image/jpeg")
    }

    @Test func readsWhatRequestsAndHttpxSend() throws {
        let form = try Self.parse(
            "--0123456789abcdef0123456789abcdef\r\n"
                + "Content-Disposition: form-data; name=\"organs\"\r\n\r\nleaf\r\n"
                + "--0123456789abcdef0123456789abcdef\r\n"
                + "Content-Disposition: form-data; name=\"images\"; filename*=utf-8''na%C3%AFve.jpg\r\n\r\nJPEG\r\n"
                + "--0123456789abcdef0123456789abcdef\r\n"
                + "Content-Disposition: form-data; name=\"images\"; filename=\"é\\\"\\\\.png\"\r\n"
                + "Content-Type: image/png\r\n\r\n\r\n"
                + "--0123456789abcdef0123456789abcdef--\r\n",
            "multipart/form-data; boundary=0123456789abcdef0123456789abcdef"
        )
        #expect(form.isPlain)
        #expect(form.parts.map(\.filename) == [nil, "naïve.jpg", "é\"\\.png"])
        #expect(form.parts.map { String(buffer: $0.content) } == ["leaf", "JPEG", ""])
    }

    @Test func readsWhatBrowsersSend() throws {
        let form = try Self.parse(
            "------WebKitFormBoundary7MA4YWxkTrZu0gW\r\n"
                + "Content-Disposition: form-data; name=\"a%0D%0Ab\"; filename=\"C:\\dir\\100%25.jpg\"\r\n\r\nx\r\n"
                + "------WebKitFormBoundary7MA4YWxkTrZu0gW--\r\n",
            "multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW"
        )
        #expect(form.parts.first?.name == "a\r\nb")
        #expect(form.parts.first?.filename == "C:\\dir\\100%25.jpg")
    }

    @Test func anEmptyFormHasNoParts() throws {
        let form = try Self.parse("--b--\r\n")
        #expect(form.parts.isEmpty && form.isPlain)
        #expect(try Self.parse("--b--").parts.isEmpty)
    }

    // MARK: What RFC 2046 permits besides

    @Test(arguments: [
        "preamble\r\n--b\r\n\r\nx\r\n--b--", "--b \t\r\n\r\nx\r\n--b--", "--b\r\n\r\nx\r\n--b-- \r\n",
        "--b\r\n\r\nx\r\n--b--\r\nepilogue", "\r\n--b\r\n\r\nx\r\n--b--\r\n",
    ])
    func readsFormsThatAreNotPlain(text: String) throws {
        let form = try Self.parse(text)
        #expect(form.parts.map { String(buffer: $0.content) } == ["x"])
        #expect(!form.isPlain)
    }

    @Test(arguments: [
        "multipart/form-data; boundary=\"b\"", "Multipart/Form-Data;BOUNDARY=b",
        "multipart/form-data; charset=utf-8; boundary=b;",
    ])
    func readsEveryWayToWriteABoundary(contentType: String) throws {
        #expect(try Self.parse("--b\r\n\r\nx\r\n--b--", contentType).parts.count == 1)
    }

    @Test func aBoundaryMayHaveSpacesAndPunctuationInQuotes() throws {
        #expect(
            try Self.parse(
                "--a b:'()+_,-./=?c\r\n\r\nx\r\n--a b:'()+_,-./=?c--",
                "multipart/form-data; boundary=\"a b:'()+_,-./=?c\""
            ).parts.count == 1
        )
    }

    @Test func linesThatOnlyLookLikeDelimitersAreContent() throws {
        let content = "\n--b\r\r\n-b\r\n--\r\n--c--\r\n --b"
        let form = try Self.parse("--b\r\n\r\n\(content)\r\n--b--")
        #expect(form.parts.map { String(buffer: $0.content) } == [content])
    }

    @Test func contentsAreSlices() throws {
        let buffer = ByteBuffer(string: "--b\r\n\r\n\(String(repeating: "x", count: 10000))\r\n--b--")
        let form = try MultipartForm(content: buffer, contentType: "multipart/form-data; boundary=b")
        #expect(form.parts.first?.content.storageCapacity == buffer.storageCapacity)
    }

    // MARK: What is none

    @Test(
        arguments: [
            ("", .noDelimiter), ("--c\r\n\r\nx\r\n--c--", .noDelimiter),
            ("--b", .unfinished), ("--b\r", .unfinished), ("--b\r\n", .unfinished), ("--b\r\nA: b", .unfinished),
            ("--b\r\nA: b\r\n", .unfinished), ("--b\r\n\r\nx", .unfinished), ("--b\r\n\r\nx\r\n--b", .unfinished),
            ("--b\r\n\r\nx\r\n--b-", .ambiguousDelimiter), ("--b\r\n\r\nx\r\n--b--y", .ambiguousDelimiter),
            ("--b\r\n\r\nx\r\n--bc\r\n--b--", .ambiguousDelimiter), ("--b\n\nx\n--b--", .ambiguousDelimiter),
            ("--b\r\nA\r\n\r\nx\r\n--b--", .badPartHead), ("--b\r\n: v\r\n\r\nx\r\n--b--", .badPartHead),
            ("--b\r\nA : v\r\n\r\nx\r\n--b--", .badPartHead), ("--b\r\nA: b\rc\r\n\r\nx\r\n--b--", .badPartHead),
            ("--b\r\nA: \u{0}\r\n\r\nx\r\n--b--", .badPartHead), ("--b\r\nA: b\n\r\n\r\nx\r\n--b--", .badPartHead),
            ("--b\r\nContent-Disposition: form-data; name=\"x\r\n\r\nx\r\n--b--", .badPartHead),
            ("--b\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\nx\r\n--b--", .badPartHead),
            ("--b\r\nContent-Disposition: form-data\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", .badPartHead),
        ] as [(String, MultipartForm.ParseError)]
    )
    func rejectsWhatIsMalformed(text: String, error: MultipartForm.ParseError) {
        #expect(throws: error) { try Self.parse(text) }
    }

    @Test(
        arguments: [
            ("text/plain; boundary=b", .notAForm), ("multipart/mixed; boundary=b", .notAForm), ("", .notAForm),
            ("multipart/form-data; boundary=b; boundary=c", .notAForm),
            ("multipart/form-data; boundary=\"b", .notAForm),
            ("multipart/form-data", .badBoundary), ("multipart/form-data; boundary=\"\"", .badBoundary),
            ("multipart/form-data; boundary=\"b \"", .badBoundary), ("multipart/form-data; boundary=b@c", .badBoundary),
            ("multipart/form-data; boundary=\(String(repeating: "b", count: 71))", .badBoundary),
        ] as [(String, MultipartForm.ParseError)]
    )
    func rejectsMediaTypesWithoutAUsableBoundary(contentType: String, error: MultipartForm.ParseError) {
        #expect(throws: error) { try Self.parse("--b--", contentType) }
    }

    @Test func isBounded() {
        let part = "--b\r\n\r\nx\r\n"
        #expect(throws: Never.self) { try Self.parse(String(repeating: part, count: 256) + "--b--") }
        #expect(throws: MultipartForm.ParseError.tooManyParts) {
            try Self.parse(String(repeating: part, count: 257) + "--b--")
        }
        #expect(throws: MultipartForm.ParseError.partHeadTooLarge) {
            try Self.parse("--b\r\nA: \(String(repeating: "x", count: 16 << 10))\r\n\r\nx\r\n--b--")
        }
        #expect(throws: MultipartForm.ParseError.partHeadTooLarge) {
            try Self.parse("--b\r\n\(String(repeating: "A: b\r\n", count: 4000))\r\nx\r\n--b--")
        }
    }

    // MARK: Writing

    @Test func writesWhatItReads() throws {
        let form = MultipartForm(parts: [
            .init(name: "or\"gans\r\n", content: ByteBuffer(string: "auto")),
            .init(
                name: "images",
                filename: "é.jpg",
                contentType: "image/jpeg",
                content: ByteBuffer(bytes: [0, 13, 10, 45])
            ),
        ])
        let contentType = MultipartForm.contentType(boundary: "a b")
        #expect(contentType == "multipart/form-data; boundary=\"a b\"")
        #expect(MultipartForm.contentType(boundary: "ab") == "multipart/form-data; boundary=ab")
        let read = try MultipartForm(content: form.serialized(boundary: "a b"), contentType: contentType)
        #expect(read.isPlain)
        #expect(read.parts.map(\.name) == ["or\"gans\r\n", "images"])
        #expect(read.parts.map(\.filename) == [nil, "é.jpg"])
        #expect(read.parts.map(\.fields) == form.parts.map(\.fields))
        #expect(read.parts.map(\.content) == form.parts.map(\.content))
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func writtenFormsReadBackTheSame(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("\r\n-bB: x".utf8)
        let form = MultipartForm(
            parts: (0..<Int.random(in: 0..<6, using: &random)).map { index in
                .init(name: "n\(index)", content: ByteBuffer(bytes: random.bytes(upTo: 80, from: alphabet)))
            }
        )
        let boundary = "q0\(seed)"
        let text = form.serialized(boundary: boundary)
        let read = try MultipartForm(content: text, contentType: MultipartForm.contentType(boundary: boundary))
        #expect(read.parts.map(\.content) == form.parts.map(\.content))
        #expect(read.serialized(boundary: boundary) == text)
    }

    @Test(arguments: 0..<500 as Range<UInt64>)
    func noContentCrashesTheParser(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let whole =
            "--b\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\nx\r\n--b\r\n\r\ny\r\n--b--\r\n"
        for bytes in [random.damaged(Array(whole.utf8)), random.bytes(upTo: 60, from: Array("\r\n--bb: x".utf8))] {
            var content = ByteBuffer(string: "before")
            content.writeBytes(bytes)
            content.moveReaderIndex(forwardBy: 6)
            let form = try? MultipartForm(content: content, contentType: "multipart/form-data; boundary=b")
            #expect((form?.parts.reduce(0) { $0 + $1.content.readableBytes } ?? 0) <= bytes.count)
        }
    }

    private static func parse(
        _ text: String,
        _ contentType: String = "multipart/form-data; boundary=b"
    ) throws -> MultipartForm {
        try MultipartForm(content: ByteBuffer(string: text), contentType: contentType)
    }
}
