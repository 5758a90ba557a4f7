// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyEngine

/// `GET /health`
struct HealthEndpoint: LocalHandler {
    let circuits: [Circuit]

    var maxBody: Int { 0 }

    func respond(to request: LocalRequest) async -> LocalResponse {
        let report = HealthReport(circuits: self.circuits.readings)
        return LocalResponse(report.httpStatus, json: report.json(at: .now), fields: ["Cache-Control": "no-store"])
    }
}
