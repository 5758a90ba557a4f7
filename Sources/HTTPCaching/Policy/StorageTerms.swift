// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

/// When an upstream was asked and when its answer came, on both clocks.
package struct ExchangeTimes: Hashable, Sendable {
    /// When the request went out.
    package let requested: Moment
    /// When the head of the response came.
    package let received: Moment
    /// The latter in seconds since 1970.
    package let receivedSeconds: Int64

    package init(
        requested: Moment,
        received: Moment,
        receivedSeconds: Int64
    ) {
        self.requested = requested
        self.received = received
        self.receivedSeconds = receivedSeconds
    }

    var requestedSeconds: Int64 {
        self.receivedSeconds - max(0, (self.received - self.requested).components.seconds)
    }
}

/// How an answer is kept, decided by its head, before its content has come.
package struct StorageTerms: Sendable {
    /// What is kept of the head.
    package let head: ResponseHead
    package let reuse: Reuse
    package let variant: Variant
    /// How many octets the content has to have; nil: as many as come.
    package let length: Int?
    private let initialAge: Int
    private let storedAt: Moment
    private let retention: Duration

    /// - Parameter retention: How long past freshness it is kept.
    init(
        _ head: ResponseHead,
        reuse: Reuse,
        variant: Variant,
        length: Int? = nil,
        initialAge: Int,
        times: ExchangeTimes,
        retention: Duration
    ) {
        var head = head
        head.fields.remove("age")
        // RFC 9110, 6.6.1: who keeps a message without a date notes when it came.
        if !head.fields.contains("date") { head.fields.add("Date", HTTPDate.imfFixdate(times.receivedSeconds)) }
        self.head = head
        self.reuse = reuse
        self.variant = variant
        self.length = length
        self.initialAge = initialAge
        self.storedAt = times.received
        self.retention = retention
    }

    package func response(with content: ByteBuffer) -> StoredResponse {
        StoredResponse(
            self.head,
            content: content,
            variant: self.variant,
            reuse: self.reuse,
            storedAt: self.storedAt,
            initialAge: self.initialAge,
            retainedUntil: self.storedAt + self.reuse.lifetime - .seconds(self.initialAge) + self.retention
        )
    }
}
