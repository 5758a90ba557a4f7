// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

private let limits = HeadLimits(line: 1024, fields: 4096, count: 64)

/// Reads all heads that stand in the bytes, given whole or octet by octet.
private func heads<Head>(
    _ bytes: [UInt8],
    step: Int,
    _ next: (inout ByteBuffer) throws(HTTP1Error) -> Head?
) -> (heads: [Head], error: HTTP1Error?) {
    var buffer = ByteBuffer()
    var heads: [Head] = []
    var rest = bytes[...]
    do throws(HTTP1Error) {
        while true {
            while let head = try next(&buffer) { heads.append(head) }
            guard !rest.isEmpty else { return (heads, nil) }
            buffer.writeBytes(rest.prefix(step))
            rest = rest.dropFirst(step)
        }
    } catch {
        return (heads, error)
    }
}

func fuzzRequests(_ bytes: [UInt8]) {
    var (parser, other) = (RequestParser(limits: limits), RequestParser(limits: limits))
    let whole = heads(bytes, step: .max) { buffer throws(HTTP1Error) in try parser.next(in: &buffer) }
    let pieces = heads(bytes, step: 1) { buffer throws(HTTP1Error) in try other.next(in: &buffer) }
    require(whole.heads == pieces.heads, "pieces make other requests")
    for head in whole.heads {
        _ = try? BodyFraming.ofRequest(head)
        // What was understood is understood in the same way once more.
        var buffer = ByteBuffer()
        HeadWriter.write(head, to: &buffer)
        var again = RequestParser(limits: HeadLimits(line: 2048, fields: 8192, count: 64))
        let read = try? again.next(in: &buffer)
        require(
            read.map { $0.method == head.method && $0.target == head.target && $0.fields == head.fields } ?? false
                || head.version == .http1_0,
            "a request is read otherwise when it is written anew"
        )
    }
}

func fuzzResponses(_ bytes: [UInt8]) {
    var (parser, other) = (ResponseParser(), ResponseParser())
    let whole = heads(bytes, step: .max) { buffer throws(HTTP1Error) in try parser.next(in: &buffer) }
    let pieces = heads(bytes, step: 1) { buffer throws(HTTP1Error) in try other.next(in: &buffer) }
    require(whole.heads == pieces.heads, "pieces make other responses")
    for head in whole.heads { _ = try? BodyFraming.ofResponse(head, to: .get) }
}

func fuzzChunks(_ bytes: [UInt8]) {
    func content(step: Int) -> (bytes: [UInt8], isFinished: Bool, isRefused: Bool) {
        var decoder = BodyDecoder(.chunked)
        var buffer = ByteBuffer()
        var content: [UInt8] = []
        var rest = bytes[...]
        do throws(HTTP1Error) {
            while true {
                switch try decoder.next(in: &buffer) {
                case .bytes(let piece): content += piece.readableBytesView
                case .end: return (content, true, false)
                case .needsMore:
                    guard !rest.isEmpty else { return (content, false, false) }
                    buffer.writeBytes(rest.prefix(step))
                    rest = rest.dropFirst(step)
                }
            }
        } catch {
            return (content, false, true)
        }
    }
    let (whole, pieces) = (content(step: .max), content(step: 1))
    require(whole.isFinished == pieces.isFinished, "pieces end otherwise")
    require(!whole.isFinished || whole.bytes == pieces.bytes, "pieces make other content")
}

func fuzzProxyHeader(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
        guard let header = try? ProxyHeader.parse(bytes) else { return }
        require(header.length > 0 && header.length <= bytes.count, "a header is longer than what has come")
        let alone = try? ProxyHeader.parse(UnsafeRawBufferPointer(rebasing: bytes[..<header.length]))
        require(alone == header, "what follows a header changes it")
    }
}
