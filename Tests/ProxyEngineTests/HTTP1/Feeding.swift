// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import TestSupport
import Testing

@testable import ProxyEngine

/// What a parser made of a stream of bytes: everything it took out, and how it stopped.
struct Reading<Item: Equatable>: Equatable {
    var items: [Item] = []
    var error: HTTP1Error?
    /// Bytes that were left in the buffer.
    var rest = 0
}

/// Feeds bytes in pieces of the given sizes, the last of which takes what is left.
func feed<Item: Equatable>(
    _ bytes: [UInt8],
    pieces: [Int],
    _ take: (inout ByteBuffer) throws(HTTP1Error) -> Item?
) -> Reading<Item> {
    var reading = Reading<Item>()
    var buffer = ByteBuffer()
    var position = 0
    for size in pieces + [bytes.count] where position < bytes.count || bytes.isEmpty {
        let end = min(bytes.count, position + size)
        buffer.writeBytes(bytes[position..<end])
        position = end
        do throws(HTTP1Error) {
            while let item = try take(&buffer) { reading.items.append(item) }
        } catch {
            reading.error = error
            return reading
        }
    }
    reading.rest = buffer.readableBytes
    return reading
}

/// Ways to cut so many bytes: whole, byte by byte, and some at random.
func cuts(of count: Int, seed: UInt64) -> [[Int]] {
    var random = SeededGenerator(seed: seed)
    let few = (0..<min(count, 40)).map { _ in [Int.random(in: 0...count, using: &random)] }
    let many = (0..<20).map { _ in (0..<count / 3 + 1).map { _ in Int.random(in: 1...7, using: &random) } }
    return [[], Array(repeating: 1, count: count)] + few + many
}

/// What the reading is however the bytes are cut; records an issue where it depends on the cut.
func readingOfAnyCut<Item: Equatable>(
    _ bytes: [UInt8],
    seed: UInt64 = 4,
    _ read: ([UInt8], [Int]) -> Reading<Item>,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Reading<Item> {
    let whole = read(bytes, [])
    for cut in cuts(of: bytes.count, seed: seed) {
        let other = read(bytes, cut)
        guard other == whole else {
            Issue.record(
                """
                \(String(decoding: bytes, as: UTF8.self).debugDescription) in pieces of \(cut.prefix(40)) is \(other), \
                whole it is \(whole)
                """,
                sourceLocation: sourceLocation
            )
            break
        }
    }
    return whole
}

let testLimits = HeadLimits(line: 200, fields: 1000, count: 20)

func readRequests(
    _ text: String,
    limits: HeadLimits = testLimits,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Reading<RequestHead> {
    readRequests(Array(text.utf8), limits: limits, sourceLocation: sourceLocation)
}

func readRequests(
    _ bytes: [UInt8],
    limits: HeadLimits = testLimits,
    sourceLocation: SourceLocation = #_sourceLocation
) -> Reading<RequestHead> {
    readingOfAnyCut(
        bytes,
        { bytes, cut in
            var parser = RequestParser(limits: limits)
            return feed(bytes, pieces: cut) { (buffer: inout ByteBuffer) throws(HTTP1Error) in
                try parser.next(in: &buffer)
            }
        },
        sourceLocation: sourceLocation
    )
}

func readResponses(_ bytes: [UInt8], sourceLocation: SourceLocation = #_sourceLocation) -> Reading<ResponseHead> {
    readingOfAnyCut(
        bytes,
        { bytes, cut in
            var parser = ResponseParser()
            return feed(bytes, pieces: cut) { (buffer: inout ByteBuffer) throws(HTTP1Error) in
                try parser.next(in: &buffer)
            }
        },
        sourceLocation: sourceLocation
    )
}

func readResponses(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) -> Reading<ResponseHead> {
    readResponses(Array(text.utf8), sourceLocation: sourceLocation)
}

/// Content with what came after it, however it was cut.
struct DecodedBody: Equatable {
    var content: [UInt8] = []
    var trailers: HeaderFields?
    var isFinished = false
    var error: HTTP1Error?
    /// Bytes after the content; they belong to the next message.
    var rest = 0

    var text: String { String(decoding: self.content, as: UTF8.self) }

    init(_ bytes: [UInt8], _ framing: BodyFraming, pieces: [Int]) {
        var decoder = BodyDecoder(framing)
        var buffer = ByteBuffer()
        var position = 0
        for size in pieces + [bytes.count] {
            let end = min(bytes.count, position + size)
            buffer.writeBytes(bytes[position..<end])
            position = end
            do throws(HTTP1Error) {
                try self.decode(&buffer, &decoder)
            } catch {
                self.error = error
                return
            }
        }
        self.rest = buffer.readableBytes
    }

    private mutating func decode(_ buffer: inout ByteBuffer, _ decoder: inout BodyDecoder) throws(HTTP1Error) {
        while !self.isFinished {
            switch try decoder.next(in: &buffer) {
            case .bytes(let piece): self.content += Array(piece.readableBytesView)
            case .needsMore: return
            case .end(let trailers):
                self.trailers = trailers
                self.isFinished = true
            }
        }
    }
}

func decode(
    _ text: String,
    _ framing: BodyFraming = .chunked,
    sourceLocation: SourceLocation = #_sourceLocation
) -> DecodedBody {
    let bytes = Array(text.utf8)
    let whole = DecodedBody(bytes, framing, pieces: [])
    for cut in cuts(of: bytes.count, seed: 9) {
        let other = DecodedBody(bytes, framing, pieces: cut)
        // What precedes an error may have been given out or not; the error itself may not depend on the cut.
        let isSame = whole.error == nil ? other == whole : other.error == whole.error
        guard isSame else {
            Issue.record(
                "\(text.debugDescription) in pieces of \(cut.prefix(40)) is \(other), whole it is \(whole)",
                sourceLocation: sourceLocation
            )
            break
        }
    }
    return whole
}
