// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration

/// The gates of all listeners, as one configuration has them.
struct AccessGates: Sendable {
    private struct Place: Sendable {
        var address: ListenAddress
        var role: Listener.Role
        /// Nil where everybody may enter.
        var gate: AccessGate?
    }

    private let places: [Place]
    /// Whether there is nothing to ask.
    let areAllOpen: Bool

    init(_ configuration: Configuration) {
        self.places = Listener.all(in: configuration).map { listener, role in
            Place(address: listener.address, role: role, gate: AccessGate(listener.access))
        }
        self.areAllOpen = self.places.allSatisfy { $0.gate == nil }
    }

    /// The request without its token. A listener that the configuration has no more lets nobody in.
    func admitted(_ request: Request, at listener: Listener) throws(ProxyError) -> Request {
        guard let place = self.place(of: listener) else {
            throw ProxyError(.forbidden, "this listener is being closed")
        }
        guard let gate = place.gate else { return request }
        return try gate.admitted(request)
    }

    /// Whether every request of a client is let in as it is.
    func admitsAll(of client: Request.Client, at listener: Listener) -> Bool {
        if self.areAllOpen { return true }
        guard let place = self.place(of: listener) else { return false }
        return place.gate?.admitsAll(of: client) ?? true
    }

    private func place(of listener: Listener) -> Place? {
        self.places.first { ($0.address, $0.role) == (listener.address, listener.role) }
    }
}
