// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyEngine

/// `GET /circuits`: all of them.
struct CircuitsEndpoint: LocalHandler {
    let circuits: [Circuit]

    var maxBody: Int { 0 }

    func respond(to request: LocalRequest) async -> LocalResponse {
        LocalResponse(200, json: self.circuits.readings.details(at: .now), fields: ["Cache-Control": "no-store"])
    }
}

/// `GET /circuits/NAME`: one of them; `POST` opens, closes or resets it by hand.
struct CircuitEndpoint: LocalHandler {
    let circuit: Circuit

    var maxBody: Int { 4 << 10 }

    func respond(to request: LocalRequest) async -> LocalResponse {
        if request.head.method == .post {
            do throws(ProxyError) {
                try request.requireSameOrigin("change a circuit")
                self.circuit.obey(try CircuitCommand(request))
            } catch {
                return LocalResponse(error)
            }
        }
        return LocalResponse(200, json: self.circuit.reading.details(at: .now), fields: ["Cache-Control": "no-store"])
    }
}

extension Circuit {
    fileprivate func obey(_ command: CircuitCommand) {
        switch command {
        case .force(let state, let ttl): self.force(state, for: ttl)
        case .reset: self.reset()
        }
    }
}
