// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The channel of a connection that comes within a tunnel on a stream of HTTP/2: TLS, HTTP/1 and HTTP/2 find there what
/// they find on a socket.
///
/// On the channel of the stream itself they cannot stand: it ends the process when it is asked for what it does not know,
/// as TLS asks whether a peer may end its side first.
final class TunnelChannel: Channel, ChannelCore {
    let eventLoop: any EventLoop
    let allocator: ByteBufferAllocator
    let parent: (any Channel)?
    private let end: NIOLoopBound<TunnelEnd>
    private let closePromise: EventLoopPromise<Void>
    private let state = Mutex(State())

    private struct State {
        var isOpen = true
        var pipeline: ChannelPipeline?
    }

    init(over end: TunnelEnd, of stream: any Channel) {
        self.eventLoop = stream.eventLoop
        self.allocator = stream.allocator
        self.parent = stream
        self.end = NIOLoopBound(end, eventLoop: stream.eventLoop)
        self.closePromise = stream.eventLoop.makePromise()
    }

    var closeFuture: EventLoopFuture<Void> { self.closePromise.futureResult }
    var localAddress: SocketAddress? { self.parent?.localAddress }
    var remoteAddress: SocketAddress? { self.parent?.remoteAddress }
    var isActive: Bool { self.state.withLock { $0.isOpen } }
    var isWritable: Bool { self.isActive && self.parent?.isWritable ?? false }
    var _channelCore: any ChannelCore { self }

    /// Made when it is first asked for, since it wants to know its channel.
    var pipeline: ChannelPipeline {
        self.state.withLock { state in
            if let pipeline = state.pipeline { return pipeline }
            let pipeline = ChannelPipeline(channel: self)
            state.pipeline = pipeline
            return pipeline
        }
    }

    /// What follows is no end that may be taken for one: the stream is reset.
    func cutOff() { self.end.value.isCutOff = true }

    /// The stream is gone, or this side has closed.
    func ended() {
        let wasOpen = self.state.withLock { state in
            defer { state.isOpen = false }
            return state.isOpen
        }
        guard wasOpen else { return }
        self.pipeline.fireChannelInactive()
        // Whoever has closed may still be within the pipeline.
        self.eventLoop.execute {
            self.removeHandlers(pipeline: self.pipeline)
            self.closePromise.succeed()
        }
    }

    // MARK: Options

    func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> EventLoopFuture<Void> {
        self.eventLoop.submit { try self.set(option, value) }
    }

    func getOption<Option: ChannelOption>(_ option: Option) -> EventLoopFuture<Option.Value> {
        self.eventLoop.submit { try self.value(of: option) }
    }

    var syncOptions: (any NIOSynchronousChannelOptions)? { Options(channel: self) }

    private struct Options: NIOSynchronousChannelOptions {
        let channel: TunnelChannel

        func setOption<Option: ChannelOption>(_ option: Option, value: Option.Value) throws {
            try self.channel.set(option, value)
        }

        func getOption<Option: ChannelOption>(_ option: Option) throws -> Option.Value {
            try self.channel.value(of: option)
        }
    }

    private func set<Option: ChannelOption>(_ option: Option, _ value: Option.Value) throws {
        guard let value = value as? Bool else { throw ChannelError.operationUnsupported }
        switch option {
        case is ChannelOptions.Types.AllowRemoteHalfClosureOption: self.end.value.allowsHalfClosure = value
        case is ChannelOptions.Types.AutoReadOption:
            self.end.value.readsByItself = value
            if value { self.pipeline.read() }
        default: throw ChannelError.operationUnsupported
        }
    }

    private func value<Option: ChannelOption>(of option: Option) throws -> Option.Value {
        let value: any Sendable =
            switch option {
            case is ChannelOptions.Types.AutoReadOption: self.end.value.readsByItself
            case is ChannelOptions.Types.AllowRemoteHalfClosureOption: self.end.value.allowsHalfClosure
            case is ChannelOptions.Types.BufferedWritableBytesOption: self.end.value.buffered
            default: throw ChannelError.operationUnsupported
            }
        guard let value = value as? Option.Value else { throw ChannelError.operationUnsupported }
        return value
    }

    // MARK: What the pipeline asks for

    func localAddress0() throws -> SocketAddress { try self.known(self.localAddress) }

    func remoteAddress0() throws -> SocketAddress { try self.known(self.remoteAddress) }

    private func known(_ address: SocketAddress?) throws -> SocketAddress {
        guard let address else { throw ChannelError.operationUnsupported }
        return address
    }

    func register0(promise: EventLoopPromise<Void>?) { promise?.fail(ChannelError.operationUnsupported) }

    func registerAlreadyConfigured0(promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func bind0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func connect0(to: SocketAddress, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func write0(_ data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard self.isActive else { return self.refuse(promise) }
        self.end.value.write(self.unwrapData(data), promise)
    }

    func flush0() { self.end.value.flush() }

    func read0() { if self.isActive { self.end.value.read() } }

    func close0(error: any Error, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard self.isActive else { return self.refuse(promise) }
        switch mode {
        case .input: return self.refuse(promise, ChannelError.operationUnsupported)
        case .output: self.end.value.closeOutput()
        case .all:
            self.ended()
            self.end.value.close()
        }
        promise?.succeed()
    }

    private func refuse(_ promise: EventLoopPromise<Void>?, _ error: ChannelError = .ioOnClosedChannel) {
        promise?.fail(error)
    }

    func triggerUserOutboundEvent0(_ event: Any, promise: EventLoopPromise<Void>?) {
        promise?.fail(ChannelError.operationUnsupported)
    }

    func channelRead0(_ data: NIOAny) {}

    func errorCaught0(error: any Error) {}
}
