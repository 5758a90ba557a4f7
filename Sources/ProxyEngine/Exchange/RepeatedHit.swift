// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import Resilience

/// The answer that a head which comes again got out of the store: for a second it stays the same to the octet, and need
/// not be put together again.
///
/// Whether it may be served is decided anew each time; this only remembers what that looks like.
final class RepeatedHit {
    /// As the store has it, with `Age` and `Cache-Status`.
    let head: ResponseHead
    /// Not held: what the store gives up is to leave the memory.
    private weak var stored: StoredResponse?
    private let age: Int
    private let timeToLive: Int
    private var completed: Completed?

    private struct Completed {
        var circuit: CircuitBreaker.State
        var head: ResponseHead
        /// With the content, as they are written on a connection that stays.
        var octets: ByteBuffer?
    }

    /// Octets that are worth keeping: of the fields, and of all together.
    private static let maxFields = 2 << 10
    private static let maxOctets = 4 << 10

    /// Nil if the head is too large to be kept.
    init?(_ head: ResponseHead, of stored: StoredResponse, at now: ContinuousClock.Instant) {
        guard head.fields.wireLength <= Self.maxFields else { return nil }
        self.head = head
        self.stored = stored
        self.age = stored.age(at: now)
        self.timeToLive = stored.timeToLive(at: now)
    }

    /// Whether the same is to be said of the same answer.
    func isSame(as stored: StoredResponse, at now: ContinuousClock.Instant) -> Bool {
        self.stored === stored && self.age == stored.age(at: now) && self.timeToLive == stored.timeToLive(at: now)
    }

    /// The head with all that is added on the way out, which the closure does unless it has been done for this state.
    func completed(_ circuit: CircuitBreaker.State, by complete: (inout ResponseHead) -> Void) -> ResponseHead {
        if let completed, completed.circuit == circuit { return completed.head }
        var head = self.head
        complete(&head)
        self.completed = Completed(circuit: circuit, head: head)
        return head
    }

    /// Head and content as they were written for this state on a connection that stays.
    func octets(_ circuit: CircuitBreaker.State?) -> ByteBuffer? {
        self.completed?.circuit == circuit ? self.completed?.octets : nil
    }

    func remember(_ octets: ByteBuffer, _ circuit: CircuitBreaker.State?) {
        // Without a date of its own it gets that of the moment.
        guard octets.readableBytes <= Self.maxOctets, self.head.fields.contains("date"),
            self.completed?.circuit == circuit
        else { return }
        self.completed?.octets = octets
    }
}
