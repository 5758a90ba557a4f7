// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import Resilience

/// The one attempt behind identical requests: its answer is read whole, stored if it may be, and given to all of them.
final class SharedAttempt {
    enum Result: Sendable {
        case answer(StoredResponse, isStored: Bool)
        case failed(ProxyError)
        /// Too large to keep, or for one client only. The leader has it, and everybody else asks for himself.
        case unshared
    }

    private let exchange: Exchange
    private let policy: CachePolicy
    private let key: CacheKey
    private let content: ByteBuffer
    private var unshared: Response?
    /// How the attempt went.
    private(set) var report = ExchangeReport()

    init(_ exchange: Exchange, policy: CachePolicy, key: CacheKey, content: ByteBuffer) {
        self.exchange = exchange
        self.policy = policy
        self.key = key
        self.content = content
    }

    func run() async -> Result {
        do throws(ProxyError) {
            let response = try await self.exchange.attempt(.whole(self.content))
            self.report = response.report
            switch try await response.body.collect(upTo: self.policy.maxEntry) {
            case .whole(let content):
                self.report = response.finalReport
                return self.settle(response, content)
            case .tooLarge(let body):
                return self.keepForLeader(response, body)
            }
        } catch {
            return .failed(error)
        }
    }

    /// The leader's own answer where it cannot be shared, once.
    func takeUnshared() -> Response? {
        defer { self.unshared = nil }
        return self.unshared
    }

    private func settle(_ response: Response, _ content: ByteBuffer) -> Result {
        // A cookie is for one client.
        guard !response.head.fields.contains("set-cookie") else { return self.keepForLeader(response, .whole(content)) }
        let stored = StoredResponse(
            response.head,
            content: content,
            to: self.exchange.request.head.fields,
            policy: self.policy,
            now: .now
        )
        // A body that tells of a failure is passed on, and never kept.
        guard self.report.outcome == .success || self.report.outcome == .excluded,
            self.policy.mayStore(response.head, contentBytes: content.readableBytes, isComplete: true)
        else { return .answer(stored, isStored: false) }
        let upstream = self.exchange.upstream
        upstream.store.store(stored, for: self.key, upstream: upstream.name)
        upstream.metrics.cacheStored()
        upstream.cacheLog.stored(self.key, self.policy.ttl)
        return .answer(stored, isStored: true)
    }

    private func keepForLeader(_ response: Response, _ body: Body) -> Result {
        self.unshared = response
        self.unshared?.body = body
        return .unshared
    }
}
