// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOEmbedded
import NIOHTTP2
import Testing

@testable import ProxyEngine

/// What the channel of a connection within a stream says to the stream.
final class TunnelChannelTests {
    private let stream = EmbeddedChannel()
    private let end: TunnelEnd
    private let channel: TunnelChannel

    init() throws {
        let framing = StreamFraming()
        self.end = TunnelEnd(framing)
        try self.stream.pipeline.syncOperations.addHandler(framing)
        self.channel = TunnelChannel(over: self.end, of: self.stream)
        framing.beginTunnel()
        _ = try #require(try self.said())
    }

    deinit {
        self.channel.ended()
        self.stream.embeddedEventLoop.run()
    }

    private func said() throws -> HTTP2Frame.FramePayload? {
        self.stream.flush()
        return try self.stream.readOutbound(as: HTTP2Frame.FramePayload.self)
    }

    private func expectLastFrame() throws {
        guard case .data(let data) = try #require(try self.said()) else {
            Issue.record("another frame")
            return
        }
        #expect(data.endStream && data.data.readableBytes == 0)
    }

    private func expectReset(_ code: HTTP2ErrorCode) throws {
        guard case .rstStream(code) = try #require(try self.said()) else {
            Issue.record("another frame")
            return
        }
    }

    @Test func `what it does not know is refused`() throws {
        let options = try #require(self.channel.syncOptions)
        #expect(try options.getOption(.allowRemoteHalfClosure))
        #expect(try options.getOption(.bufferedWritableBytes) == 0)
        #expect(throws: ChannelError.self) { try options.getOption(.maxMessagesPerRead) }
        #expect(throws: ChannelError.self) { try options.setOption(.maxMessagesPerRead, value: 1) }
    }

    @Test func `an end that is said is the end of the stream, and nothing more is wanted`() throws {
        self.end.open(self.channel, on: self.stream)
        self.channel.close(promise: nil)
        try self.expectLastFrame()
        self.stream.embeddedEventLoop.run()
        try self.expectReset(.noError)
        #expect(try self.said() == nil)
        #expect(!self.channel.isActive && !self.channel.isWritable)
    }

    @Test func `what is closed before it begins ends so too`() throws {
        self.channel.close(promise: nil)
        self.end.open(self.channel, on: self.stream)
        try self.expectLastFrame()
        self.stream.embeddedEventLoop.run()
        try self.expectReset(.noError)
    }

    @Test func `what is cut off is reset`() throws {
        self.end.open(self.channel, on: self.stream)
        self.channel.cutOff()
        self.channel.close(promise: nil)
        try self.expectReset(.connectError)
    }

    @Test func `an end that the client does not take is waited for, but not for ever`() throws {
        try self.stream.pipeline.syncOperations.addHandler(ShutWindow(), position: .first)
        self.end.open(self.channel, on: self.stream)
        self.channel.writeAndFlush(ByteBuffer(string: "goodbye"), promise: nil)
        #expect(try self.channel.syncOptions?.getOption(.bufferedWritableBytes) == 7)
        self.channel.close(promise: nil)
        self.stream.embeddedEventLoop.run()
        #expect(try self.said() == nil)
        self.stream.embeddedEventLoop.advanceTime(by: .seconds(2))
        try self.expectReset(.connectError)
    }

    @Test func `behind the end nothing is said`() throws {
        self.end.open(self.channel, on: self.stream)
        self.channel.close(mode: .output, promise: nil)
        self.channel.writeAndFlush(ByteBuffer(string: "more"), promise: nil)
        self.channel.close(mode: .output, promise: nil)
        try self.expectLastFrame()
        #expect(try self.said() == nil)
    }

    @Test func `a stream that is gone takes it with it`() throws {
        self.end.open(self.channel, on: self.stream)
        _ = try self.stream.finish(acceptAlreadyClosed: true)
        #expect(!self.channel.isActive)
        self.stream.embeddedEventLoop.run()
        try self.channel.closeFuture.wait()
    }
}

/// Holds all content back.
private final class ShutWindow: ChannelOutboundHandler {
    typealias OutboundIn = HTTP2Frame.FramePayload
    private var promises: [EventLoopPromise<Void>] = []

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .data = self.unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        if let promise { self.promises.append(promise) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { for promise in self.promises { promise.succeed() } }
}
