// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What stands between a socket and the codec of HTTP/2, given octets whole or one by one.
func fuzzFrames(_ bytes: [UInt8]) {
    let whole = Frames(bytes, step: bytes.count)
    let pieces = Frames(bytes, step: 1)
    require(whole.heads == pieces.heads, "pieces make other frames")
    require(whole.raised == pieces.raised, "pieces make other settings")
    require(whole.settled == pieces.settled, "pieces wait otherwise")
    require(whole.raised == Frames.raised(bytes), "more was changed than settings, or less")
    require(bytes.count >= whole.settled.count, "there is more than what has come")
}

private struct Frames {
    var heads: [FrameHead] = []
    var raised: [UInt8] = []
    var settled: [UInt8] = []

    init(_ bytes: [UInt8], step: Int) {
        var (scanner, limit, input) = (
            FrameScanner(preface: 0), RaisedFrameLimit(preface: 0), UnsettledInput(preface: 0)
        )
        for start in stride(from: 0, to: bytes.count, by: max(1, step)) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + step, bytes.count)])
            scanner.scan(piece) { self.heads.append($0) }
            self.raised += limit.receive(piece).readableBytesView
            self.settled += (input.isSettled ? piece : input.receive(piece)).readableBytesView
        }
    }

    /// By the rule alone: what of settings or of a frame's head is not all there waits.
    static func raised(_ bytes: [UInt8]) -> [UInt8] {
        var (rest, raised) = (bytes[...], [UInt8]())
        while rest.count >= 9 {
            let head = Array(rest.prefix(9))
            let length = Int(head[0]) << 16 | Int(head[1]) << 8 | Int(head[2])
            let isSettings = head[3] == 4 && head[4] & 1 == 0 && length % 6 == 0 && length <= 16378
            if isSettings, rest.count < 9 + length { return raised }
            let longer = isSettings ? length + 6 : length
            raised += [head[0], UInt8(longer >> 8 & 0xFF), UInt8(longer & 0xFF)] + head[3...]
            raised += rest.dropFirst(9).prefix(length) + (isSettings ? [0, 5, 0, 16, 0, 0] : [])
            rest = rest.dropFirst(9 + length)
        }
        return raised
    }
}
