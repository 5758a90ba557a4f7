// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

extension CachePolicy {
    /// How long an answer with a validator is kept past its freshness, since asking for it again costs no content.
    private static let validationPeriod = Duration.seconds(86400)

    /// How an answer to such a request is kept; nil where it may not be.
    ///
    /// - Parameters:
    ///   - head: With end-to-end fields only.
    ///   - request: The caller's fields.
    ///   - isAuthorized: Whether the caller's own `Authorization` went to the upstream.
    package func terms(
        for head: ResponseHead,
        to request: HeaderFields,
        isAuthorized: Bool,
        times: ExchangeTimes
    ) -> StorageTerms? {
        guard self.statuses?.contains(head.status) ?? true, self.mayBeKept(head) else { return nil }
        switch self.mode {
        case .ttl: return self.declaredTerms(for: head, to: request, times)
        case .http: return self.originTerms(for: head, to: request, isAuthorized, times)
        }
    }

    /// What holds in both modes.
    private func mayBeKept(_ head: ResponseHead) -> Bool {
        // Parts and confirmations are no answers by themselves.
        head.status >= 200 && head.status != 206 && head.status != 304
            // RFC 9111, 4.1: no later request can match.
            && !head.fields.list("vary", contains: "*")
            && !self.isEndless(head)
    }

    /// Whether the content has no end that anybody could wait for, or one that is too far away.
    package func isEndless(_ head: ResponseHead) -> Bool {
        if let length = head.fields["content-length"].flatMap({ Int($0) }), length > self.maxEntry { return true }
        return head.fields["content-type"]?.lowercased().hasPrefix("text/event-stream") == true
    }

    private func declaredTerms(
        for head: ResponseHead,
        to request: HeaderFields,
        _ times: ExchangeTimes
    ) -> StorageTerms? {
        // A cookie is for one client.
        guard let ttl = self.ttl, !head.fields.contains("set-cookie") else { return nil }
        let initialAge = FreshnessLifetime.statedAge(head.fields)
        return StorageTerms(
            head,
            reuse: Reuse(lifetime: ttl + .seconds(initialAge)),
            variant: Variant(head.fields, to: request, keyedBy: self.headers),
            initialAge: initialAge,
            times: times,
            retention: self.retention ?? self.staleIfError
        )
    }

    private func originTerms(
        for head: ResponseHead,
        to request: HeaderFields,
        _ isAuthorized: Bool,
        _ times: ExchangeTimes
    ) -> StorageTerms? {
        let freshness = FreshnessLifetime(
            head,
            requestTime: times.requestedSeconds,
            responseTime: times.receivedSeconds,
            fallback: self.ttl.map { Int($0.components.seconds) }
        )
        guard Storability.mayStore(head, to: request, isAuthorized: isAuthorized, freshness: freshness) else {
            return nil
        }
        let reuse = Reuse(head.fields, freshness: freshness)
        var kept = head
        for name in Storability.excludedFields(head.fields) { kept.fields.remove(name) }
        let useful = max(
            reuse.staleWhileRevalidate,
            reuse.isNeverStale ? .zero : max(self.staleIfError, reuse.staleIfError ?? .zero),
            Validation.conditions(for: kept.fields).isEmpty ? .zero : Self.validationPeriod
        )
        return StorageTerms(
            kept,
            reuse: reuse,
            variant: Variant(head.fields, to: request, keyedBy: self.headers),
            initialAge: freshness.initialAge,
            times: times,
            retention: self.retention ?? useful
        )
    }
}
