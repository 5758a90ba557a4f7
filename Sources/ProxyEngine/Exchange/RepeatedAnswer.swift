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
    /// As it was before an exchange completes it.
    let head: ResponseHead
    /// Of a hit: what is stored, known by its address. It is not held, since what the store gives up is to leave the
    /// memory; an unowned reference keeps nothing of it but the address, which nobody else can have meanwhile. A weak one
    /// would have every use of what is stored counted slowly.
    private let identity: ObjectIdentifier?
    private unowned let stored: StoredResponse?
    /// In which age and time to live are as the head says.
    private let seconds: Range<ContinuousClock.Instant>?
    /// Of a rejection.
    private let error: ProxyError?
    private let content: ByteBuffer

    /// For this state the head was completed; nil before the first time.
    private var circuit: CircuitBreaker.State?
    private var completedHead: ResponseHead
    /// Head and content as they were written on a connection that stays, in this second since 1970.
    private var octets = ByteBuffer()
    private var second: Int64 = 0
    /// What the access lines of these octets have in common.
    var excerpt: LogLine.Excerpt?

    /// Octets that are worth keeping: of the fields, and of all together.
    private static let maxFields = 2 << 10
    private static let maxOctets = 4 << 10

    /// A hit. Nil if its head is too large to be kept.
    init?(_ head: ResponseHead, of stored: StoredResponse, at now: ContinuousClock.Instant) {
        guard head.fields.wireLength <= Self.maxFields else { return nil }
        (self.head, self.completedHead) = (head, head)
        self.identity = ObjectIdentifier(stored)
        self.stored = stored
        self.seconds = stored.sameSeconds(at: now)
        self.error = nil
        self.content = ByteBuffer()
    }

    /// A rejection. Nil if its head is too large to be kept.
    init?(_ head: ResponseHead, _ content: ByteBuffer, to error: ProxyError) {
        guard head.fields.wireLength <= Self.maxFields else { return nil }
        (self.head, self.completedHead) = (head, head)
        (self.identity, self.stored) = (nil, nil)
        self.seconds = nil
        self.error = error
        self.content = content
    }

    /// The answer, if the same is still to be said of what is stored.
    func response(_ stored: StoredResponse, at now: ContinuousClock.Instant) -> Response? {
        guard let seconds, seconds.contains(now), self.identity == ObjectIdentifier(stored) else { return nil }
        return Response(self.head, .whole(stored.content), repeating: self)
    }

    /// The answer, if it is to the same error.
    func response(to error: ProxyError) -> Response? {
        guard self.error == error else { return nil }
        var response = Response(self.head, .whole(self.content), repeating: self)
        response.report.upstream = error.upstream
        response.report.reason = error.kind.rawValue
        return response
    }

    /// The head with all that is added on the way out, which the closure does unless it has been done for this state.
    func completed(_ circuit: CircuitBreaker.State, by complete: (inout ResponseHead) -> Void) -> ResponseHead {
        guard self.circuit != circuit else { return self.completedHead }
        self.completedHead = self.head
        complete(&self.completedHead)
        self.circuit = circuit
        self.second = 0
        return self.completedHead
    }

    /// Head and content as they were written for this state on a connection that stays. Their date is that of the second.
    func octets(_ circuit: CircuitBreaker.State?) -> ByteBuffer? {
        self.circuit == circuit && self.second == DateField.seconds ? self.octets : nil
    }

    func remember(_ octets: ByteBuffer, _ circuit: CircuitBreaker.State?) {
        guard octets.readableBytes <= Self.maxOctets, self.circuit == circuit else { return }
        self.octets = octets
        self.excerpt = nil
        self.second = DateField.seconds
    }
}
