// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

/// From a request to the end of its answer.
extension ServerConnection {
    /// Whether another request may follow.
    func answer(_ arrival: Arrival) async -> Bool {
        if case .interception(let origin, let tls) = arrival.step {
            return await self.intercept(arrival, as: origin, tls)
        }
        if case .tunnel(let destination) = arrival.step {
            await self.tunnel(arrival, to: destination)
            return false
        }
        let body = arrival.body
        self.current = SilentClient.Exchange(version: arrival.request.head.version)
        let response = await arrival.step.response()
        if let server = response.upgraded {
            await self.relay(response, arrival, to: server)
            return false
        }
        self.current?.hasBegun = true
        let keepsAlive = arrival.wantsKeepAlive && !self.isDraining && self.canSkipRest(of: body)
        let written = await self.writer(for: arrival.request, keepsAlive: keepsAlive).write(response)
        self.current = nil
        self.finished(arrival.request, response, bytesIn: body?.count ?? 0, written, arrival.dispatcher)
        guard await self.end(keepsAlive: keepsAlive, written, body) else {
            // A client that has announced the end itself sends nothing that would have to be read.
            if written.error == nil, arrival.wantsKeepAlive || body?.isFinished == false { await self.linger() }
            return false
        }
        return true
    }

    func finished(
        _ request: Request,
        _ response: Response,
        bytesIn: Int,
        _ written: ResponseWriter.Written,
        _ dispatcher: Dispatcher
    ) {
        self.hasAnswered = true
        self.listener.engine.finished(
            request,
            response,
            bytesIn: bytesIn,
            written,
            at: self.listener.role,
            masked: dispatcher.mask
        )
    }

    private func end(keepsAlive: Bool, _ written: ResponseWriter.Written, _ body: RequestBody?) async -> Bool {
        guard written.error == nil else {
            // A cut-off answer must not look like a whole one.
            self.stream.reset()
            return false
        }
        if keepsAlive, !written.endsWithConnection {
            guard let body, !body.isFinished else { return true }
            while let _ = try? await body.next() {}
            return body.isFinished
        }
        return false
    }

    /// A short rest of content that nobody wanted is read and dropped; for a long one the connection is given up.
    private func canSkipRest(of body: RequestBody?) -> Bool {
        guard let body, !body.isFinished else { return true }
        guard !body.isHeldBack, let remaining = body.remaining else { return false }
        return remaining <= 64 << 10
    }

    func writer(for request: Request, keepsAlive: Bool) -> ResponseWriter {
        ResponseWriter(
            stream: self.stream,
            method: request.head.method,
            version: request.head.version,
            keepsAlive: keepsAlive
        )
    }

    /// RFC 9112, 9.6: closing while the client still sends would take the answer away from it.
    func linger() async {
        self.stream.closeOutput()
        await self.stream.dropRest(idle: .seconds(5))
    }
}
