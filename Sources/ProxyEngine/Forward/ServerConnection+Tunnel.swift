// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyConfiguration

extension ServerConnection {
    /// The connection carries a tunnel from here on, or the answer that there is none.
    func tunnel(_ arrival: Arrival, to destination: TunnelDestination) async {
        let (request, dispatcher) = (arrival.request, arrival.dispatcher)
        let settings = dispatcher.snapshot.configuration.forward
        let tunnel = Tunnel(request: request, client: self.stream, settings: settings) { [stream] in
            Tunnel.confirm(to: stream)
        }
        do throws(ProxyError) {
            let record = try await tunnel.run(to: destination)
            let written = ResponseWriter.Written(bytes: record.bytesOut)
            self.finished(request, record.response, bytesIn: record.bytesIn, written, dispatcher)
        } catch {
            let response = tunnel.refusal(by: destination, for: error)
            let written = await self.writer(for: request, keepsAlive: false).write(response)
            self.finished(request, response, bytesIn: 0, written, dispatcher)
            await self.linger()
        }
    }
}
