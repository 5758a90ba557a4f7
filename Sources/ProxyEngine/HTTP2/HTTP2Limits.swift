// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP2
import ProxyConfiguration

extension NIOHTTP2Handler.ConnectionConfiguration {
    /// What a client may do. Beyond it the connection ends with ENHANCE_YOUR_CALM.
    static func server(_ settings: DownstreamConfiguration) -> Self {
        var configuration = Self()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .maxConcurrentStreams, value: settings.maxStreams),
            HTTP2Setting(parameter: .initialWindowSize, value: NIOHTTP2Handler.streamWindow),
            // RFC 9113, 6.5.2, counts 32 octets for each field besides; and what is a little longer gets an answer.
            HTTP2Setting(
                parameter: .maxHeaderListSize,
                value: 2 * (settings.maxHeaderSize + settings.maxTarget + 32 * settings.maxHeaderCount)
            ),
        ]
        configuration.targetWindowSize = 1 << 20
        configuration.maximumSequentialEmptyDataFrames = 32
        configuration.maximumBufferedControlFrames = 1000
        // Enough for the longest head in frames of the usual size.
        configuration.maximumSequentialContinuationFrames = max(8, settings.maxHeaderSize >> 13)
        // A ping for each round trip measures the path; a thousand in half a minute measure us.
        configuration.controlFrameRateLimit.maximumCount = 1000
        return configuration
    }
}

extension NIOHTTP2Handler.ConnectionConfiguration {
    /// What an upstream may do.
    static var client: Self {
        var configuration = Self()
        configuration.initialSettings = [
            HTTP2Setting(parameter: .enablePush, value: 0),
            HTTP2Setting(parameter: .initialWindowSize, value: NIOHTTP2Handler.streamWindow),
            HTTP2Setting(parameter: .maxHeaderListSize, value: 2 * HeadLimits.response.fields),
        ]
        configuration.targetWindowSize = 1 << 20
        configuration.maximumSequentialEmptyDataFrames = 32
        configuration.maximumBufferedControlFrames = 1000
        configuration.maximumSequentialContinuationFrames = HeadLimits.response.fields >> 13
        configuration.controlFrameRateLimit.maximumCount = 1000
        return configuration
    }
}

extension NIOHTTP2Handler {
    /// Octets that a peer may send on one stream before somebody takes them.
    static let streamWindow = 64 << 10
}

extension NIOHTTP2Handler.StreamConfiguration {
    static var streams: Self {
        var configuration = Self()
        configuration.targetWindowSize = NIOHTTP2Handler.streamWindow
        configuration.outboundBufferSizeHighWatermark = 128 << 10
        configuration.outboundBufferSizeLowWatermark = 32 << 10
        return configuration
    }
}
