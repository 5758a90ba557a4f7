// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience

/// The one attempt behind identical requests: its answer is given to all of them while it comes, and stored, if it may be,
/// when it is whole.
final class SharedAttempt {
    enum Result: Sendable {
        case answer(StoredResponse, Fate)
        /// A head whose content is on its way.
        case coming(StoredResponse, Recording, Fate)
        case failed(ProxyError)
        /// Too large to keep, or for one client only. The leader has it, and everybody else asks for himself.
        case unshared
        /// There was nothing to ask, since what others had asked for is in the store.
        case superseded
    }

    private struct Rest {
        let source: any BodySource
        /// Knows what the content says of the upstream, once it has been read.
        let ticket: CircuitTicket?
        let recording: Recording
        let head: ResponseHead
        let terms: StorageTerms?
        let times: ExchangeTimes
    }

    /// What became of an answer.
    struct Fate: Sendable {
        /// What the upstream answered: 304 where it confirmed what was stored.
        var forwardStatus: Int
        /// While it comes: whether it will be, if nothing goes wrong.
        var isStored: Bool
        var isFailure: Bool
    }

    private let exchange: Exchange
    private let policy: CachePolicy
    private let keeper: AnswerKeeper
    private let content: ByteBuffer
    /// What goes upstream: the caller's fields, or those of a validation.
    private var fields: HeaderFields
    private let isValidating: Bool
    /// What the upstream is asked for the rest of.
    private let begun: StoredResponse?
    /// Whether it is about an answer to HEAD itself, and not about what GET would get.
    private let isOfHead: Bool
    private var response: Response?
    /// What is still to be read.
    private var rest: Rest?
    /// What the upstream answered.
    private var forwardStatus = 0
    /// Whether the upstream answered with what RFC 5861, 4, calls an error, whatever the circuit makes of it.
    private var hasErrorStatus = false
    /// How the attempt went.
    private(set) var report = ExchangeReport()

    private var stale: StoredResponse? { self.keeper.stale }

    /// - Parameters:
    ///   - stale: What is stored.
    ///   - parts: What was found of parts of the answer, in memory or in the file.
    ///   - conditions: What validates it; empty: it is not validated.
    ///   - begun: The beginning of what is asked for.
    ///   - isOfHead: Whether the key is for HEAD alone.
    ///   - wantsWhole: Whether the caller's own conditions are left out.
    init(
        _ exchange: Exchange,
        policy: CachePolicy,
        key: CacheKey,
        content: ByteBuffer,
        stale: StoredResponse?,
        parts: Variants = Variants([]),
        conditions: HeaderFields,
        wantsWhole: Bool,
        begun: StoredResponse? = nil,
        isOfHead: Bool = false
    ) {
        self.exchange = exchange
        self.policy = policy
        self.keeper = AnswerKeeper(exchange, policy, key, stale: stale, parts: parts, wantsWhole: wantsWhole)
        self.content = content
        self.isValidating = !conditions.isEmpty
        self.begun = begun
        self.isOfHead = isOfHead
        let fields = exchange.request.head.fields
        self.fields = (wantsWhole ? fields.unconditional : fields).appending(conditions)
            .appending(begun?.missing ?? [:])
    }

    /// The whole way, whoever still waits for what comes of it.
    func lead(_ leader: InFlight<Result>.Leader) async {
        let result = await self.run()
        leader.publish(result)
        await self.finish()
        leader.finish(result)
    }

    /// As far as the head tells what becomes of the answer.
    func run() async -> Result {
        do throws(ProxyError) {
            var (response, times) = try await self.ask()
            if self.isValidating, response.head.status == 304, let stale = self.stale {
                if Validation.confirms(response.head.fields, stale.fields) { return self.renew(stale, response, times) }
                // RFC 9111, 4.3.4: it is about another answer, which nobody has here.
                self.fields = self.exchange.request.head.fields.unconditional
                (response, times) = try await self.ask()
            }
            if let begun = self.begun {
                if let whole = response.completing(begun) {
                    response = whole
                } else if [206, 416].contains(response.head.status) {
                    self.fields = self.exchange.request.head.fields.unconditional
                    (response, times) = try await self.ask()
                }
            }
            return try await self.keep(response, times)
        } catch {
            return .failed(error)
        }
    }

    /// The leader's own answer, once.
    func takeResponse() -> Response? { self.response.take() }

    private func ask() async throws(ProxyError) -> (Response, ExchangeTimes) {
        let requested = Moment.now
        let response = try await self.exchange.attempt(.whole(self.content), fields: self.fields)
        let times = ExchangeTimes(
            requested: requested,
            received: .now,
            receivedSeconds: DateField.seconds
        )
        self.report = response.report
        self.forwardStatus = response.head.status
        self.hasErrorStatus = [500, 502, 503, 504].contains(response.head.status)
        return (response, times)
    }

    // MARK: Keeping

    /// Keeps what was answered to another request, if it may be.
    ///
    /// - Parameter requested: Since when nothing has called it into question.
    func keep(_ response: Response, since requested: Moment) async throws(ProxyError) -> Response {
        self.report = response.report
        let times = ExchangeTimes(requested: requested, received: .now, receivedSeconds: DateField.seconds)
        let result = try await self.keep(response, times)
        if case .coming = result { self.startFinishing() }
        return self.takeResponse() ?? response
    }

    /// Reads what is still to come in a task that outlives the client.
    func startFinishing() {
        let bound = self.exchange.request.worker.bind(self)
        self.exchange.request.worker.start { await bound.value.finish() }
    }

    /// The head decides whether others have to do with the content.
    private func keep(_ response: Response, _ times: ExchangeTimes) async throws(ProxyError) -> Result {
        if self.policy.mode == .http, self.exchange.request.head.method == .head, !self.isOfHead {
            self.update(by: response.head, times)
            self.response = response
            return .unshared
        }
        // What is known to be too much is never shared: who had begun with it could not read on.
        if let length = response.body.length, length > self.policy.maxEntry { return self.leaveToLeader(response) }
        var response = response
        let terms = self.keeper.terms(for: response.head, times)
        guard terms != nil || self.keeper.isForAll(response.head, isFailure: self.isFailure),
            !self.keeper.isOutdated(times)
        else {
            return self.leaveToLeader(response)
        }
        if self.waitsForVerdict {
            switch try await response.body.collect(upTo: self.policy.maxEntry) {
            case .whole(let content): response.body = .whole(content)
            case .tooLarge(let body):
                response.body = body
                return self.leaveToLeader(response)
            }
        }
        switch response.body {
        case .whole(let content):
            self.report = response.finalReport
            self.response = response
            return self.complete(content, response.head, terms, times)
        case .stream(let source):
            guard
                let recording = Recording(
                    length: source.length,
                    limit: self.policy.maxEntry,
                    store: self.exchange.upstream.store
                )
            else {
                // Another time there is room again.
                self.response = response
                return .unshared
            }
            self.rest = Rest(
                source: source,
                ticket: response.ticket,
                recording: recording,
                head: response.head,
                terms: terms,
                times: times
            )
            response.body = .stream(RecordedBody(recording, before: source))
            self.response = response
            let passing = terms ?? self.keeper.passingTerms(for: response.head, times)
            return .coming(
                passing.response(with: ByteBuffer()),
                recording,
                self.fate(isStored: terms != nil)
            )
        }
    }

    /// Whether the content may still tell of a failure while there is a better answer.
    private var waitsForVerdict: Bool {
        (self.exchange.upstream.configuration.responses.judgesContent || self.exchange.request.isExpected != nil)
            && self.report.outcome == .success && self.keeper.hasReplacement
    }

    /// Reads what is still to come, and ends the recording of it.
    func finish() async {
        guard let rest = self.rest.take() else { return }
        rest.recording.end(with: await self.read(rest))
    }

    private func read(_ rest: Rest) async -> Result {
        do throws(ProxyError) {
            while let piece = try await rest.source.next() {
                guard rest.recording.append(piece) else {
                    self.keeper.giveUpSharing(isFailure: self.isFailure)
                    return .unshared
                }
            }
        } catch {
            return .failed(error)
        }
        self.report.outcome = rest.ticket?.outcome ?? self.report.outcome
        return self.complete(rest.recording.content, rest.head, rest.terms, rest.times)
    }

    private func complete(
        _ content: ByteBuffer,
        _ head: ResponseHead,
        _ terms: StorageTerms?,
        _ times: ExchangeTimes
    ) -> Result {
        let isWhole = terms?.length.map { $0 == content.readableBytes } ?? true
        let kept = isWhole && self.mayStore(times) ? terms : nil
        let answer = (kept ?? self.keeper.passingTerms(for: head, times)).response(with: content)
        if kept != nil { self.keeper.store(answer) }
        return .answer(answer, self.fate(isStored: kept != nil))
    }

    /// Whether a stale answer would be better. By the operator's word that is so too when an account has nothing left.
    var isFailure: Bool {
        switch self.report.outcome {
        // RFC 9111, 4.3.3: another answer than one of a server's errors is the answer.
        case .failure(.status): self.policy.mode == .ttl || self.forwardStatus >= 500
        case .failure: true
        case .throttled: self.policy.mode == .ttl
        case .success, .excluded, .cancelled, nil: self.hasErrorStatus
        }
    }

    private func mayStore(_ times: ExchangeTimes) -> Bool {
        self.keeper.mayStore(self.report.outcome, isFailure: self.isFailure, times)
    }

    private func fate(isStored: Bool) -> Fate {
        Fate(forwardStatus: self.forwardStatus, isStored: isStored, isFailure: self.isFailure)
    }

    private func leaveToLeader(_ response: Response) -> Result {
        self.response = response
        self.keeper.giveUpSharing(isFailure: self.isFailure)
        return .unshared
    }

    // MARK: Renewing

    private func renew(_ stale: StoredResponse, _ response: Response, _ times: ExchangeTimes) -> Result {
        self.report = response.finalReport
        let update = response.head.fields
        if self.mayStore(times), let terms = self.keeper.renewedTerms(for: stale, by: update, times) {
            let answer = terms.response(with: stale.content)
            self.keeper.store(answer)
            return .answer(answer, self.fate(isStored: true))
        }
        self.keeper.forget(stale)
        let head = CachePolicy.renewedHead(of: stale, by: update, times)
        let passing = self.keeper.passingTerms(for: head, times)
        return .answer(passing.response(with: stale.content), self.fate(isStored: false))
    }

    /// What a HEAD tells of the answer to GET that is stored (RFC 9111, 4.3.5).
    private func update(by head: ResponseHead, _ times: ExchangeTimes) {
        guard head.status == 200, let stale = self.stale else { return }
        let isSame =
            stale.status == 200
            && Validation.describes(head.fields, stale.fields, contentLength: stale.content.readableBytes)
        if isSame, self.mayStore(times), let terms = self.keeper.renewedTerms(for: stale, by: head.fields, times) {
            self.keeper.store(terms.response(with: stale.content))
        } else {
            self.keeper.forget(stale)
        }
    }
}
