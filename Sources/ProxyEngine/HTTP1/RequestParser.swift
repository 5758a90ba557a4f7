// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// Reads request heads from a connection's bytes (RFC 9112, 3).
struct RequestParser {
    private var scanner = HeadScanner()
    private let limits: HeadLimits
    private var emptyLines = 0

    /// What a client may send before a request; more is a flood.
    private static let maxEmptyLines = 8

    init(limits: HeadLimits) { self.limits = limits }

    /// Whether the buffer begins where the last request ended.
    var isAtStart: Bool { self.emptyLines == 0 }

    /// Takes one head out of the buffer, or returns nil and leaves the buffer until more bytes have come.
    mutating func next(in buffer: inout ByteBuffer) throws(HTTP1Error) -> RequestHead? {
        try self.skipEmptyLines(&buffer)
        guard let first = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) else { return nil }
        // Half an empty line: what it is the other half will tell.
        if first == 0x0D { return nil }
        // Whatever does not begin with a method is refused at once, without waiting for a line: TLS, say.
        guard first.isTokenCharacter else { throw .malformed("this is not HTTP") }
        let head = try self.scanner.takeHead(from: &buffer, limits: self.limits) {
            (line, fields) throws(HTTP1Error) in
            let head = try Self.parseLine(line, fields)
            try Self.checkHost(head)
            return head
        }
        if head != nil { self.emptyLines = 0 }
        return head
    }

    /// A client may send an empty line before a request (RFC 9112, 2.2).
    private mutating func skipEmptyLines(_ buffer: inout ByteBuffer) throws(HTTP1Error) {
        while buffer.getInteger(at: buffer.readerIndex, as: UInt8.self) == 0x0D, buffer.readableBytes >= 2 {
            guard buffer.getInteger(at: buffer.readerIndex + 1, as: UInt8.self) == 0x0A else {
                throw .malformed("this is not HTTP")
            }
            self.emptyLines += 1
            guard self.emptyLines <= Self.maxEmptyLines else {
                throw .malformed("empty lines come in place of a request")
            }
            buffer.moveReaderIndex(forwardBy: 2)
        }
    }

    private static func parseLine(
        _ line: UnsafeRawBufferPointer,
        _ fields: HeaderFields
    ) throws(HTTP1Error) -> RequestHead {
        var methodEnd = 0
        while methodEnd < line.count, line[methodEnd].isTokenCharacter { methodEnd += 1 }
        guard methodEnd > 0, methodEnd < line.count, line[methodEnd] == 0x20 else {
            throw .malformed("the method is not a token")
        }
        guard methodEnd <= 32 else { throw .notImplemented("no method is that long") }
        let targetStart = methodEnd + 1
        var targetEnd = targetStart
        while targetEnd < line.count, Self.isTargetCharacter(line[targetEnd]) { targetEnd += 1 }
        guard targetEnd > targetStart, targetEnd < line.count, line[targetEnd] == 0x20 else {
            throw .malformed("the request target has a character that must be percent-encoded")
        }
        let version = UnsafeRawBufferPointer(rebasing: line[(targetEnd + 1)...])
        guard line[targetStart] == 0x2F || Self.mayBeHTTP(line[targetStart..<targetEnd], version) else {
            // Whoever has more words than there should be may still mean HTTP.
            throw version.contains(word: "HTTP/") ? .malformed("the request line has too many words") : .foreign
        }
        return RequestHead(
            HTTPMethod(rawValue: String(decoding: line[..<methodEnd], as: UTF8.self)),
            String(decoding: line[targetStart..<targetEnd], as: UTF8.self),
            fields: fields,
            version: try HTTPVersion(ofHTTP1: version)
        )
    }

    private static func mayBeHTTP(_ target: Slice<UnsafeRawBufferPointer>, _ version: UnsafeRawBufferPointer) -> Bool {
        version.starts(with: "HTTP/".utf8) || target.contains { $0 == 0x3A || $0 == 0x2F || $0 == 0x2A }
    }

    /// Visible ASCII without `#`: a fragment is never sent (RFC 9112, 3.2).
    private static func isTargetCharacter(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7F && byte != 0x23
    }

    /// RFC 9112, 3.2: exactly one Host in HTTP/1.1, at most one in HTTP/1.0, and a valid one.
    private static func checkHost(_ head: RequestHead) throws(HTTP1Error) {
        let count = head.fields.count(of: "host")
        guard count == 1 || count == 0 && head.version == .http1_0 else {
            throw .malformed(count == 0 ? "Host is missing" : "Host is given twice")
        }
        var isHost = true
        head.fields.forEachValue(of: "host") { isHost = $0.isEmpty || Authority.isValid($0) }
        guard isHost else { throw .malformed("Host is not a host") }
    }
}

extension HTTPVersion {
    /// Of a request line or a status line.
    init(ofHTTP1 bytes: UnsafeRawBufferPointer) throws(HTTP1Error) {
        guard bytes.count == 8, bytes.starts(with: "HTTP/".utf8), bytes[6] == 0x2E,
            0x30...0x39 ~= bytes[5], 0x30...0x39 ~= bytes[7]
        else { throw .malformed("the HTTP version is malformed") }
        guard bytes[5] == 0x31 else { throw .unsupportedVersion }
        self = bytes[7] == 0x30 ? .http1_0 : .http1_1
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func contains(word: String) -> Bool {
        self.indices.contains { self[$0...].starts(with: word.utf8) }
    }
}
