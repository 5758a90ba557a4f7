// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration
import Testing

@testable import Plants

@Suite("A photo")
struct PhotoTests {
    @Test(
        "is known by its first bytes",
        arguments: [
            (Sample.jpeg, ImageFormat.jpeg), (Sample.png, .png), (Sample.webp, .webp),
        ]
    )
    func sniffing(content: ByteBuffer, format: ImageFormat) throws {
        #expect(try Sample.photo(content).format == format)
    }

    @Test(
        "is none if it only nearly begins like one",
        arguments: [
            "GIF89a", "RIFF1234WAVE", "RIFF1234WEB", "<svg/>", "\u{89}PNG", "hello", "P",
        ]
    )
    func unknown(text: String) {
        let error = #expect(throws: CallerError.self) { try Sample.photo(ByteBuffer(string: text)) }
        #expect(error?.status == 415)
    }

    @Test("is refused at the first byte beyond the limit")
    func limit() throws {
        let size = Sample.jpeg.readableBytes
        #expect(try Photo(Sample.jpeg, position: 1, limit: size).content == Sample.jpeg)
        let error = #expect(throws: CallerError.self) { try Photo(Sample.jpeg, position: 1, limit: size - 1) }
        #expect(error?.status == 413)
    }
}
