// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyEngine
import Resilience

/// `GET /` of the admin listener: every circuit at a glance, and where to read more. No script, nothing from elsewhere.
struct Dashboard: LocalHandler {
    let circuits: [Circuit]

    var maxBody: Int { 0 }

    func respond(to request: LocalRequest) async -> LocalResponse {
        LocalResponse(
            200,
            fields: [
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
                "Cache-Control": "no-store",
                "Refresh": "5",
            ],
            body: ByteBuffer(string: Self.page(HealthReport(circuits: self.circuits.readings), at: .now))
        )
    }

    static func page(_ report: HealthReport, at clock: WallClock) -> String {
        """
        <!DOCTYPE html>
        <html lang="en"><title>Windbreak</title>
        <h1>Windbreak: \(report.status.rawValue)</h1>
        <table border="1" cellpadding="6">
        <tr><th>circuit<th>state<th>mode<th>failures<th>retry in<th>last failure<th>rejected
        \(report.circuits.map { Self.row($0, at: clock) }.joined(separator: "\n"))
        </table>
        <p><a href="/health">/health</a> <a href="/circuits">/circuits</a> <a href="/metrics">/metrics</a>
        <p><code>curl -d state=open -d ttl=60s http://.../circuits/NAME</code> opens one by hand for a minute;
        <code>state=closed</code> closes, <code>state=reset</code> hands it back.

        """
    }

    private static func row(_ circuit: CircuitReading, at clock: WallClock) -> String {
        let status = circuit.status
        let name = Self.escaped(circuit.name)
        let retry = status.retryIn.map { "\(PrometheusText.number($0.roundedSeconds)) s" } ?? ""
        let failure = status.lastFailure.map { "\($0.kind.rawValue), \(clock.rfc3339($0.at))" } ?? ""
        let cells = [
            "<a href=\"/circuits/\(name)\">\(name)</a>", circuit.position.word, status.policy.mode.rawValue,
            "\(status.failCount) of \(status.policy.failMax)", retry, failure, String(status.rejectedTotal),
        ]
        return "<tr>" + cells.map { "<td>\($0)" }.joined()
    }

    private static func escaped(_ text: String) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": escaped += "&lt;"
            case "&": escaped += "&amp;"
            case "\"": escaped += "&quot;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
