// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOHPACK
import ProxyConfiguration

extension ServerStream {
    /// The stream carries a tunnel from here on (RFC 9113, 8.5), or the answer that there is none.
    func connect(_ head: RequestHead, _ dispatcher: Dispatcher) async {
        let request = Request(head, client: self.client, worker: self.worker)
        let step = dispatcher.begin(request, at: self.listener)
        if case .interception(let origin, let tls) = step {
            return await self.intercept(request, as: origin, tls, dispatcher)
        }
        guard case .tunnel(let destination) = step else {
            return await self.finish(request, with: await step.response(), dispatcher)
        }
        let settings = dispatcher.snapshot.configuration.forward
        let tunnel = Tunnel(request: request, client: self.stream, settings: settings) { [framing, stream] in
            framing.beginTunnel()
            stream.flush()
        }
        do throws(ProxyError) {
            let record = try await tunnel.run(to: destination)
            let written = ResponseWriter.Written(bytes: record.bytesOut)
            self.finished(request, record.response, bytesIn: record.bytesIn, written, dispatcher)
        } catch {
            await self.finish(request, with: tunnel.refusal(by: destination, for: error), dispatcher)
        }
    }
}
