// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Resilience

/// Whether callers can be served, from the circuits alone.
///
/// A proxy without upstreams is healthy: nothing is missing. A circuit that observes or is off lets everybody through,
/// so it never makes the whole unhealthy, though an open one that observes still shows as degraded.
struct HealthReport {
    enum Status: String {
        /// All are closed.
        case healthy
        /// Some are not.
        case degraded
        /// Every one is open, and keeps callers out.
        case unhealthy
    }

    let circuits: [CircuitReading]

    var status: Status {
        if self.circuits.allSatisfy({ $0.status.state == .closed }) { return .healthy }
        return self.circuits.contains(where: \.status.isAvailable) ? .degraded : .unhealthy
    }

    /// 200, or 503 when there is no point in sending anything here.
    var httpStatus: Int { self.status == .unhealthy ? 503 : 200 }

    func json(at clock: WallClock) -> JSON {
        [
            "status": .string(self.status.rawValue),
            "all_available": .bool(self.circuits.allSatisfy(\.status.isAvailable)),
            "circuit_breakers": .object(
                self.circuits.map { JSON.Member(name: $0.name, value: .object($0.summary(at: clock))) }
            ),
        ]
    }
}
