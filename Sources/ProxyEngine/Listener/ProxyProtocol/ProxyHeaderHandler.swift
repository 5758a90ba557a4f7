// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Takes the PROXY header off the front of a connection, and then itself out of the pipeline.
///
/// A peer that is trusted to send one has to: without it, whoever reaches that peer could say where he comes from.
final class ProxyHeaderHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    /// Told once, before the first octet of the client passes.
    private let onHeader: (ProxyHeader.Source) -> Void
    private var received = ByteBuffer()

    init(onHeader: @escaping (ProxyHeader.Source) -> Void) { self.onHeader = onHeader }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = self.unwrapInboundIn(data)
        self.received.writeBuffer(&bytes)
        do throws(ProxyHeader.Failure) {
            let header = try self.received.withUnsafeReadableBytes { bytes in
                Result { () throws(ProxyHeader.Failure) in try ProxyHeader.parse(bytes) }
            }.get()
            guard let header else { return }
            self.received.moveReaderIndex(forwardBy: header.length)
            self.onHeader(header.source)
            context.pipeline.syncOperations.removeHandler(self, promise: nil)
        } catch {
            self.received.clear()
            context.close(promise: nil)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Nobody behind has seen what his read brought, and so nobody will ask again.
        context.read()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        let rest = self.received
        self.received.clear()
        guard rest.readableBytes > 0 else { return context.read() }
        context.fireChannelRead(self.wrapInboundOut(rest))
        context.fireChannelReadComplete()
    }
}
