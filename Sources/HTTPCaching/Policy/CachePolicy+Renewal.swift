// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

extension CachePolicy {
    /// How a stored answer is kept on after its origin has said that it is still good (RFC 9111, 4.3.4 and 4.3.5); nil
    /// where it may be kept no longer.
    ///
    /// - Parameters:
    ///   - update: The fields of the 304, or of the 200 to HEAD.
    ///   - request: The caller's fields.
    package func renewedTerms(
        for stored: StoredResponse,
        by update: HeaderFields,
        to request: HeaderFields,
        isAuthorized: Bool,
        times: ExchangeTimes
    ) -> StorageTerms? {
        self.terms(
            for: Self.renewedHead(of: stored, by: update, times),
            to: request,
            isAuthorized: isAuthorized,
            times: times
        )
    }

    /// What the answer says now.
    package static func renewedHead(
        of stored: StoredResponse,
        by update: HeaderFields,
        _ times: ExchangeTimes
    ) -> ResponseHead {
        var update = update
        // Without one the stored date would make it as old as before.
        if !update.contains("date") { update.add("Date", HTTPDate.imfFixdate(times.receivedSeconds)) }
        return ResponseHead(
            stored.status,
            reason: stored.reason,
            fields: Validation.merged(stored.fields, with: update)
        )
    }

    /// For an answer that goes to those who wait for it, and is not kept.
    package func passingTerms(for head: ResponseHead, to request: HeaderFields, times: ExchangeTimes) -> StorageTerms {
        let initialAge = FreshnessLifetime.statedAge(head.fields)
        return StorageTerms(
            head,
            reuse: Reuse(lifetime: .seconds(initialAge), isAlwaysValidated: true),
            variant: Variant(head.fields, to: request, keyedBy: self.headers),
            initialAge: initialAge,
            times: times,
            retention: .zero
        )
    }
}
