// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import Resilience

/// Decides whether others may have an answer, those who wait for it and those who ask later, and puts it into the store.
struct AnswerKeeper {
    private let exchange: Exchange
    private let policy: CachePolicy
    private let key: CacheKey
    /// What is stored in its place.
    let stale: StoredResponse?
    /// What was found of parts of the answer, in memory or in the file.
    private let found: Variants
    /// Whether what comes is the whole answer, by which the key can be judged.
    private let wantsWhole: Bool

    private var upstream: Upstream { self.exchange.upstream }
    private var request: HeaderFields { self.exchange.request.head.fields }

    init(
        _ exchange: Exchange,
        _ policy: CachePolicy,
        _ key: CacheKey,
        stale: StoredResponse?,
        parts: Variants,
        wantsWhole: Bool
    ) {
        self.exchange = exchange
        self.policy = policy
        self.key = key
        self.stale = stale
        self.found = parts
        self.wantsWhole = wantsWhole
    }

    // MARK: Terms

    /// On which it may be stored, as far as its head tells; nil if it may not.
    func terms(for head: ResponseHead, _ times: ExchangeTimes) -> StorageTerms? {
        let terms = self.policy.terms(for: head, to: self.request, isAuthorized: self.isAuthorized, times: times)
        // By itself a part for who has the rest says too little for anybody else (RFC 9110, 15.3.7).
        guard head.status == 206, self.request.contains("if-range") else { return terms }
        return terms?.areOfPart(of: self.parts, upTo: self.policy.maxEntry) == true ? terms : nil
    }

    private var parts: Variants {
        let present = self.upstream.store.lookup(self.key, now: .now)
        return Variants(
            Array(present) + self.found.filter { other in !present.contains { $0.variant == other.variant } }
        )
    }

    /// On which it is passed to those who wait, and not stored.
    func passingTerms(for head: ResponseHead, _ times: ExchangeTimes) -> StorageTerms {
        self.policy.passingTerms(for: head, to: self.request, times: times)
    }

    /// On which what was confirmed may be stored on; nil where it may not.
    func renewedTerms(for stale: StoredResponse, by update: HeaderFields, _ times: ExchangeTimes) -> StorageTerms? {
        self.policy.renewedTerms(
            for: stale,
            by: update,
            to: self.request,
            isAuthorized: self.isAuthorized,
            times: times
        )
    }

    /// Whether the caller's own `Authorization` goes upstream (RFC 9111, 3.5).
    private var isAuthorized: Bool {
        self.upstream.credentials.headers.contains("authorization") && self.request.contains("authorization")
    }

    // MARK: Decisions

    /// Whether it is stored, now that its content has come whole.
    func mayStore(_ outcome: Outcome?, isFailure: Bool, _ times: ExchangeTimes) -> Bool {
        switch self.policy.mode {
        case .ttl:
            // A body that tells of a failure is passed on, and never kept.
            return outcome == .success || outcome == .excluded
        case .http:
            if outcome == .failure(.body) { return false }
            // What is better than an error is not given up for one.
            return !(isFailure && self.hasReplacement) && !self.isOutdated(times)
        }
    }

    /// Whether what is stored may stand in for an error.
    var hasReplacement: Bool {
        self.stale?.mayReplaceError(at: .now, allowance: self.policy.staleIfError) == true
    }

    /// Whether an unsafe request has called into question what was asked for then (RFC 9111, 4.4).
    func isOutdated(_ times: ExchangeTimes) -> Bool {
        self.policy.mode == .http
            && self.upstream.coordination.invalidations.covers(self.exchange.path, since: times.requested)
    }

    /// Whether those who wait may have an answer that is not stored: in mode `ttl` any but one that sets cookies, by the
    /// origin's word only a failure, so that one is enough.
    func isForAll(_ head: ResponseHead, isFailure: Bool) -> Bool {
        guard !head.fields.contains("set-cookie") else { return false }
        switch self.policy.mode {
        case .ttl:
            return !self.policy.isEndless(head)
        case .http:
            let control = CacheControl(ofResponse: head.fields)
            return isFailure && !control.noStore && control.isPrivate == nil && !self.isAuthorized
        }
    }

    // MARK: Store

    /// Stores it in place of what was, together with the parts of it that are there.
    func store(_ answer: StoredResponse) {
        let parts = answer.status == 206 ? self.parts : Variants([])
        let answer = answer.combined(with: parts, upTo: self.policy.maxEntry)
        self.upstream.store.store(answer, for: self.key, of: self.exchange.cachedRequest, inPlaceOf: self.stale)
        if answer.isFresh(at: .now) || !Validation.conditions(for: answer.fields).isEmpty {
            self.upstream.coordination.uncacheable.remove(self.key)
        } else {
            // It is for who takes it stale; nobody gains by waiting for the next.
            self.upstream.coordination.uncacheable.insert(self.key, until: .now + CacheCoordination.hitForMiss)
        }
        self.upstream.metrics.cacheStored()
        self.upstream.cacheLog.stored(self.key, answer.freshUntil - answer.storedAt)
    }

    func forget(_ stale: StoredResponse) { self.upstream.store.remove(stale, of: self.key) }

    /// What was stored is out of date now, and the next who ask need not wait for each other.
    func giveUpSharing(isFailure: Bool) {
        guard self.wantsWhole, !isFailure else { return }
        if let stale = self.stale { self.forget(stale) }
        self.upstream.coordination.uncacheable.insert(self.key, until: .now + CacheCoordination.hitForMiss)
    }
}
