// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Takes a message's content out of a connection's bytes, piece by piece (RFC 9112, 6 and 7).
struct BodyDecoder {
    enum Piece {
        case bytes(ByteBuffer)
        /// The buffer is used up before the content is.
        case needsMore
        case end(trailers: HeaderFields?)
    }

    private enum State {
        /// So many octets are left. Ends when none are.
        case length(Int)
        /// Everything up to the end of the connection.
        case untilClose
        case chunkSize
        /// So many octets of a chunk are left. Then comes its line end.
        case chunk(Int)
        case chunkEnd
        /// The section after the last chunk.
        case trailers
        case finished(HeaderFields?)
    }

    private var state: State
    private var scanner = HeadScanner()
    /// Octets of chunk extensions that the content has not made up for yet.
    private var extensionDebt = 0

    /// A chunk-size line with its extensions; nobody needs more.
    private static let sizeLineLimit = 256
    /// What extensions may cost beyond the content they come with, over a whole body: nobody reads them.
    private static let extensionLimit = 16 << 10
    private static let trailerLimits = HeadLimits(line: 8 << 10, fields: 8 << 10, count: 64)
    /// Trailers that end at this proxy, besides those that always do.
    private let nominated: FieldNames

    /// - Parameter fields: The header of the message.
    init(_ framing: BodyFraming, of fields: borrowing HeaderFields = HeaderFields()) {
        self.nominated = framing == .chunked ? HopByHop.nominated(by: fields) : []
        self.state =
            switch framing {
            case .none: .finished(nil)
            case .length(let length): length > 0 ? .length(length) : .finished(nil)
            case .chunked: .chunkSize
            case .untilClose: .untilClose
            }
    }

    var isFinished: Bool {
        if case .finished = self.state { true } else { false }
    }

    mutating func next(in buffer: inout ByteBuffer) throws(HTTP1Error) -> Piece {
        while true {
            switch self.state {
            case .finished(let trailers):
                return .end(trailers: trailers)
            case .length(let left):
                guard let piece = Self.take(left, from: &buffer) else { return .needsMore }
                self.state = left == piece.readableBytes ? .finished(nil) : .length(left - piece.readableBytes)
                return .bytes(piece)
            case .untilClose:
                guard let piece = Self.take(.max, from: &buffer) else { return .needsMore }
                return .bytes(piece)
            case .chunkSize:
                guard let size = try self.chunkSize(&buffer) else { return .needsMore }
                self.state = size == 0 ? .trailers : .chunk(size)
            case .chunk(let left):
                guard let piece = Self.take(left, from: &buffer) else { return .needsMore }
                self.state = left == piece.readableBytes ? .chunkEnd : .chunk(left - piece.readableBytes)
                return .bytes(piece)
            case .chunkEnd:
                guard let end = buffer.readInteger(as: UInt16.self) else { return .needsMore }
                guard end == 0x0D0A else { throw .malformed("a chunk is longer than its size") }
                self.state = .chunkSize
            case .trailers:
                guard let trailers = try self.readTrailers(&buffer) else { return .needsMore }
                self.state = .finished(trailers.isEmpty ? nil : trailers)
            }
        }
    }

    /// The connection has ended. Whether that was the end of the content too.
    mutating func inputEnded() -> Bool {
        switch self.state {
        case .untilClose:
            self.state = .finished(nil)
            return true
        case .finished: return true
        case .length, .chunkSize, .chunk, .chunkEnd, .trailers: return false
        }
    }

    private static func take(_ limit: Int, from buffer: inout ByteBuffer) -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        return buffer.readSlice(length: min(limit, buffer.readableBytes))
    }

    /// RFC 9112, 7.1: hexadecimal digits without sign or space, then perhaps extensions, which are dropped.
    private mutating func chunkSize(_ buffer: inout ByteBuffer) throws(HTTP1Error) -> Int? {
        let view = buffer.readableBytesView
        guard let newline = view.firstIndex(of: 0x0A) else {
            guard view.count <= Self.sizeLineLimit else { throw .malformed("a chunk-size line is too long") }
            return nil
        }
        let line = view[view.startIndex..<newline]
        guard line.count <= Self.sizeLineLimit else { throw .malformed("a chunk-size line is too long") }
        guard line.last == 0x0D else { throw .malformed("a line ends in a bare LF") }
        var size = 0
        var position = line.startIndex
        while position < line.endIndex, let digit = line[position].hexDigitValue {
            guard size < 1 << 56 else { throw .malformed("a chunk size is too large") }
            size = size << 4 | Int(digit)
            position += 1
        }
        guard position > line.startIndex else { throw .malformed("a chunk size is not a number") }
        let extensions = line[position..<(line.endIndex - 1)]
        try Self.checkExtensions(extensions)
        self.extensionDebt = max(0, self.extensionDebt + extensions.count - size)
        guard self.extensionDebt <= Self.extensionLimit else { throw .malformed("there are too many chunk extensions") }
        buffer.moveReaderIndex(to: newline + 1)
        return size
    }

    /// `*( BWS ";" BWS name [ BWS "=" BWS value ] )`, as far as it matters where they end.
    private static func checkExtensions(_ bytes: ByteBufferView) throws(HTTP1Error) {
        guard !bytes.isEmpty else { return }
        guard bytes.first(where: { $0 != 0x20 && $0 != 0x09 }) == 0x3B,
            bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
        else {
            throw .malformed("a chunk size is not a number")
        }
    }

    private mutating func endOfTrailers(_ buffer: ByteBuffer) throws(HTTP1Error) -> Int? {
        do throws(HTTP1Error) {
            return try self.scanner.end(in: buffer, limits: Self.trailerLimits)
        } catch {
            // The first line of this section is no request line.
            throw error == .targetTooLong ? .headTooLarge : error
        }
    }

    private mutating func readTrailers(_ buffer: inout ByteBuffer) throws(HTTP1Error) -> HeaderFields? {
        guard let length = try self.endOfTrailers(buffer) else { return nil }
        self.scanner.reset()
        let result = buffer.withUnsafeReadableBytes { bytes in
            Result { () throws(HTTP1Error) in
                try FieldLines.parse(
                    UnsafeRawBufferPointer(rebasing: bytes[..<(length - 2)]),
                    maxFields: Self.trailerLimits.count
                )
            }
        }
        var trailers = try result.get()
        buffer.moveReaderIndex(forwardBy: length)
        // RFC 9110, 6.5.1: what frames, routes or authenticates a message is of no effect after it.
        trailers.remove(Self.forbiddenTrailers)
        // RFC 9110, 7.6.1: behind the content they are as much between neighbours as before it.
        trailers.remove(self.nominated)
        return trailers
    }

    static let forbiddenTrailers: FieldNames =
        HopByHop.names.union([
            "content-length", "host", "trailer", "expect", "max-forwards", "via", "forwarded", "x-forwarded-for",
            "x-forwarded-proto", "x-forwarded-host", "content-encoding", "content-type", "content-range", "range",
            "cache-control", "location", "authorization", "www-authenticate", "cookie", "set-cookie",
        ])
}
