// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The connections that a listener has accepted and that still stand.
final class OpenConnections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    var all: [any Channel] { self.channels.withLock { Array($0.values) } }

    func add(_ channel: any Channel) {
        let id = ObjectIdentifier(channel)
        self.channels.withLock { $0[id] = channel }
        channel.closeFuture.whenComplete { [self] _ in self.channels.withLock { $0[id] = nil } }
    }
}
