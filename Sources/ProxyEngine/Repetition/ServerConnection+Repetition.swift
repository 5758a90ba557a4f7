// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

extension ServerConnection {
    /// Answers a head that has come before with the octets that it got then, if they are its answer still: that takes
    /// neither a request nor an exchange.
    ///
    /// - Returns: Whether it did. If not, what was received is as it was.
    func answerAgain() -> Bool {
        let (engine, client) = (self.listener.engine, self.guest.client)
        // For the operator the same head means something else.
        guard self.listener.role == .main, self.isReady, let dispatcher = engine.dispatcher,
            let recent = dispatcher.recentHeads(of: self.worker)
                .find(in: self.stream.received, tunnel: client.tunnel?.origin),
            recent.answer != nil, dispatcher.admitsAll(of: client, at: self.listener)
        else { return false }
        let arrival = NIODeadline.now()
        guard let answer = recent.answerAgain() else { return false }
        self.stream.received = ByteBuffer()
        self.stream.write(answer.octets)
        self.stream.flush()
        self.hasAnswered = true
        self.stream.moveReadDeadline(to: arrival + dispatcher.clients.keepAlive)
        engine.finished(answer, to: recent, of: client, since: arrival, masked: dispatcher.mask)
        return true
    }
}
