// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What the simulator remembers of past requests: how many there were, what they cost, what Plant.id found.
final class Ledger: Sendable {
    /// Credits that a key of Plant.id has.
    let credits: Int
    /// Identifications that a key of Pl@ntNet has, a day.
    let quota: Int

    private struct State {
        var calls: [API: [String: Int]] = [:]
        var spent: [String: Int] = [:]
        var identified: [String: Int] = [:]
        var day = ""
        var identifications: [Identification] = []
        var number = 0
    }

    /// How many identifications are kept.
    private static let memory = 1000

    private let state = Mutex(State())

    init(credits: Int, quota: Int) {
        self.credits = credits
        self.quota = quota
    }

    /// As if the simulator had just been started.
    func reset() { self.state.withLock { $0 = State() } }

    // MARK: Calls

    func count(_ operation: String, of api: API) {
        self.state.withLock { $0.calls[api, default: [:]][operation, default: 0] += 1 }
    }

    /// By API and operation; `identify` and `total` are always there.
    var statistics: JSON {
        let calls = self.state.withLock { $0.calls }
        return .object(
            API.allCases.map { api in
                var counts = calls[api] ?? [:]
                let total = counts.values.reduce(0, +)
                counts["identify", default: 0] += 0
                let sorted = counts.sorted { $0.key < $1.key }
                return (api.rawValue, .object(sorted.map { ($0.key, .int($0.value)) } + [("total", .int(total))]))
            }
        )
    }

    // MARK: Plant.id

    /// False, and nothing is spent, if the key has not as much.
    func spend(_ amount: Int, of key: String) -> Bool {
        self.state.withLock { state in
            let spent = state.spent[key, default: 0]
            guard spent + amount <= self.credits else { return false }
            state.spent[key] = spent + amount
            return true
        }
    }

    func spent(of key: String) -> Int { self.state.withLock { $0.spent[key, default: 0] } }

    func remember(_ input: PlantIDInput, health: Identification.Health) -> Identification {
        let now = Clock.now
        let number = self.state.withLock { state in
            state.number += 1
            return state.number
        }
        let identification = Identification(input, health: health, number: number, created: now)
        self.state.withLock { state in
            state.identifications.append(identification)
            if state.identifications.count > Self.memory { state.identifications.removeFirst() }
        }
        return identification
    }

    /// By access token or the caller's own number.
    func identification(_ word: String) -> Identification? {
        let customID = Int(word)
        return self.state.withLock { state in
            state.identifications.last {
                $0.token == word || (customID != nil && $0.input.customID == customID)
            }
        }
    }

    /// Whether there was one.
    func forget(_ token: String) -> Bool {
        self.state.withLock { state in
            let count = state.identifications.count
            state.identifications.removeAll { $0.token == token }
            return state.identifications.count < count
        }
    }

    // MARK: Pl@ntNet

    /// How many are left after this one; nil if there is none for this one.
    func identifyToday(of key: String) -> Int? {
        let today = Clock.day
        return self.state.withLock { state in
            if state.day != today {
                state.day = today
                state.identified = [:]
            }
            let used = state.identified[key, default: 0]
            guard used < self.quota else { return nil }
            state.identified[key] = used + 1
            return self.quota - used - 1
        }
    }

    func identifiedToday(of key: String) -> Int {
        let today = Clock.day
        return self.state.withLock { $0.day == today ? $0.identified[key, default: 0] : 0 }
    }
}
