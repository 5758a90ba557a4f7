// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import Resilience

/// What a head that comes again was answered last, out of the store or by an open circuit: for a second that stays the
/// same to the octet, and need not be put together again.
///
/// What the answer is gets decided anew each time; this only remembers what that looks like.
final class RepeatedAnswer {
    /// Why it was given.
    enum Ground {
        /// - Parameter seconds: In which age and time to live are as its head says.
        case stored(StoredResponse, seconds: Range<Moment>)
        case rejection(ProxyError)
    }

    let status: Int
    let report: ExchangeReport
    /// Head and content as they were written on a connection that stays.
    let octets: ByteBuffer
    /// Of the content alone.
    let length: Int
    /// What its access lines have in common.
    var accessLine: LogLine.Excerpt?
    /// Likewise the lines of the cache or of the circuit.
    var decisionLine: LogLine.Excerpt?

    /// Of a rejection.
    let rejection: ProxyError?
    /// What is stored, known by its address. It is not held, since what the store gives up is to leave the memory; an
    /// unowned reference keeps nothing of it but the address, which nobody else can have meanwhile. A weak one would have
    /// every use of what is stored counted slowly.
    private let identity: ObjectIdentifier?
    private unowned let stored: StoredResponse?
    private let seconds: Range<Moment>?
    /// Since 1970: what their date says.
    private let second = DateField.seconds

    /// Octets that are worth keeping.
    private static let maxOctets = 4 << 10

    /// Nil if it is too large to be kept.
    init?(_ response: Response, on ground: Ground, octets: ByteBuffer, length: Int) {
        guard octets.readableBytes <= Self.maxOctets else { return nil }
        self.status = response.head.status
        self.report = response.report
        self.octets = octets
        self.length = length
        switch ground {
        case .stored(let stored, let seconds):
            (self.identity, self.stored, self.seconds, self.rejection) = (
                ObjectIdentifier(stored), stored, seconds, nil
            )
        case .rejection(let error):
            (self.identity, self.stored, self.seconds, self.rejection) = (nil, nil, nil, error)
        }
    }

    /// Whether its date is that of now.
    var isCurrent: Bool { self.second == DateField.seconds }

    /// Whether the same is to be said now of what is stored.
    func isGiven(for stored: StoredResponse, at now: Moment, _ circuit: CircuitBreaker.State) -> Bool {
        self.identity == ObjectIdentifier(stored) && self.seconds?.contains(now) == true
            && self.report.circuit == circuit
    }
}

extension Response {
    /// How it may be repeated, once it has been written.
    struct Repetition {
        let recent: RecentHead
        let ground: RepeatedAnswer.Ground
    }
}
