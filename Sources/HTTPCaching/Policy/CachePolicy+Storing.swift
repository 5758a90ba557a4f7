// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

extension CachePolicy {
    /// How long an answer is kept past its freshness that may be validated, or be served stale to who takes it.
    private static let stalePeriod = Duration.seconds(86400)

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
        case .ttl: return head.status == 206 ? nil : self.declaredTerms(for: head, to: request, times)
        case .http: return self.originTerms(for: head, to: request, isAuthorized, times)
        }
    }

    /// What holds in both modes.
    private func mayBeKept(_ head: ResponseHead) -> Bool {
        // A confirmation is no answer by itself.
        head.status >= 200 && head.status != 304
            // RFC 9111, 4.1: no later request can match.
            && !head.fields.list("vary", contains: "*")
            && !self.isEndless(head)
    }

    /// Whether the content has no end that anybody could wait for, or one that is too far away.
    package func isEndless(_ head: ResponseHead) -> Bool {
        if let length = head.fields["content-length"].flatMap({ Int($0) }), length > self.maxEntry { return true }
        return head.fields["content-type"]?.lowercased().hasPrefix("text/event-stream") == true
    }

    /// Whether the answer to a POST may be kept for those who GET its target (RFC 9110, 9.3.3): it says how long it is
    /// fresh. That its content is of the target is the caller's to see.
    package func mayAnswerGet(_ head: ResponseHead) -> Bool {
        head.status == 200 && self.mode == .http && self.methods.contains(.get)
            && !FreshnessLifetime(head, requestTime: 0, responseTime: 0).isHeuristic
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
        var head = head
        // A part is kept by the rules of the whole (RFC 9111, 3.3).
        let part = head.status == 206 ? ContentRange(head.fields) : nil
        if head.status == 206 {
            guard part != nil, request.contains("range") else { return nil }
            head.status = 200
        }
        let freshness = FreshnessLifetime(
            head,
            requestTime: times.requestedSeconds,
            responseTime: times.receivedSeconds,
            fallback: self.ttl.map { Int($0.components.seconds) }
        )
        guard
            Storability.mayStore(
                head,
                to: request,
                isAuthorized: isAuthorized,
                freshness: freshness,
                allowance: Int(self.staleIfError.components.seconds)
            )
        else { return nil }
        let reuse = Reuse(head.fields, freshness: freshness)
        var kept = head
        if part != nil { kept.status = 206 }
        for name in Storability.excludedFields(head.fields) { kept.fields.remove(name) }
        let useful = max(
            reuse.staleWhileRevalidate,
            reuse.isNeverStale ? .zero : max(self.staleIfError, reuse.staleIfError ?? .zero),
            reuse.isNeverStale && Validation.conditions(for: kept.fields).isEmpty ? .zero : Self.stalePeriod
        )
        let variant = Variant(head.fields, to: request, keyedBy: self.headers)
        return StorageTerms(
            kept,
            reuse: reuse,
            variant: part.map { variant.holding($0) } ?? variant,
            length: part?.range.count,
            initialAge: freshness.initialAge,
            times: times,
            retention: self.retention ?? useful
        )
    }
}
