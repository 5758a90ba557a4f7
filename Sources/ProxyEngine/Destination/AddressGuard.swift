// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Stands before the socket of an upstream's connection and sees the very address that it is about to connect to, so
/// that what a name had led to a moment before, or leads to a moment later, is of no effect.
final class AddressGuard: ChannelOutboundHandler {
    typealias OutboundIn = Any
    typealias OutboundOut = Any

    private let policy: AddressPolicy
    private let listeners: ListenerAddresses

    init(_ policy: AddressPolicy, listeners: ListenerAddresses) {
        self.policy = policy
        self.listeners = listeners
    }

    func connect(context: ChannelHandlerContext, to address: SocketAddress, promise: EventLoopPromise<Void>?) {
        guard let refusal = self.refusal(of: address) else { return context.connect(to: address, promise: promise) }
        promise?.fail(refusal)
        context.close(promise: nil)
    }

    private func refusal(of address: SocketAddress) -> AddressRefusal? {
        if self.listeners.contains(address) { return .ownListener }
        let kind = AddressClass(address)
        return self.policy.allows(kind) ? nil : .notAllowed(kind)
    }
}

/// Why no connection was tried.
enum AddressRefusal: Error {
    case ownListener
    case notAllowed(AddressClass)
}

extension ProxyError {
    init(_ refusal: AddressRefusal) {
        switch refusal {
        case .ownListener: self.init(.loop, "the upstream leads back to this proxy")
        case .notAllowed(let kind):
            self.init(
                .addressDenied,
                "its name leads to a \(kind.word) address, which needs private: true in its declaration"
            )
        }
    }
}
