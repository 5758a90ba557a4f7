// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How each API fails at present.
final class FaultBoard: Sendable {
    private let faults = Mutex<[API: Fault]>([:])
    private let listeners = Mutex<[API: Listener]>([:])

    /// The sockets that one API has for itself: they can really be closed.
    func attach(_ listeners: [API: Listener]) { self.listeners.withLock { $0 = listeners } }

    /// Takes effect at the next request, and for `refuse` before this returns. Throws if the port is gone since.
    func set(_ fault: Fault, for api: API) async throws {
        self.faults.withLock { $0[api] = fault }
        guard let listener = self.listeners.withLock({ $0[api] }) else { return }
        if fault.mode == .refuse && fault.remaining == nil {
            await listener.close()
        } else {
            try await listener.open()
        }
    }

    /// The fault for one request, which uses it up.
    func take(for api: API) -> Fault? {
        self.faults.withLock { faults in
            guard var fault = faults[api], fault.mode != .none else { return nil }
            if let remaining = fault.remaining {
                guard remaining > 0 else { return nil }
                fault.remaining = remaining - 1
                if remaining == 1 { fault.mode = .none }
                defer { faults[api] = fault }
                return faults[api]
            }
            return fault
        }
    }

    var json: JSON {
        let faults = self.faults.withLock { $0 }
        return .object(API.allCases.map { ($0.rawValue, (faults[$0] ?? Fault()).json) })
    }
}
