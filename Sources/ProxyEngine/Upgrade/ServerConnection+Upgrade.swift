// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration
import Resilience

extension ServerConnection {
    /// The connection is HTTP no more (RFC 9110, 7.8).
    func relay(_ response: Response, _ arrival: Arrival, to server: ByteStream) async {
        var response = response
        response.upgraded = nil
        self.current = nil
        let head = await self.writer(for: arrival.request, keepsAlive: true).write(response)
        var relayed = Relay.Record()
        if head.error == nil {
            let settings = arrival.dispatcher.snapshot.configuration.forward
            relayed = await Relay(client: self.stream, server: server, worker: self.worker, settings: settings).run()
            response.report.reason = relayed.reason?.rawValue
        } else {
            server.reset()
            response.report.outcome = .cancelled
        }
        let written = ResponseWriter.Written(bytes: relayed.bytesOut)
        self.finished(arrival.request, response, bytesIn: relayed.bytesIn, written, arrival.dispatcher)
    }
}
