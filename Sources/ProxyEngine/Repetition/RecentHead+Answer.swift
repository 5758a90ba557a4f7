// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage

extension RecentHead {
    /// The answer that it was given last, if it is to be given the same now.
    ///
    /// That is decided as an exchange does, in the same order, of what is stored and by the circuit; but without any of what
    /// an exchange makes for it. Whatever has changed leads to one, and nothing has been counted or written before.
    func answerAgain() -> RepeatedAnswer? {
        guard let answer = self.answer, answer.isCurrent, let upstream = self.place?.upstream, let terms = self.terms
        else { return nil }
        if let contract = terms.contract {
            guard self.isStored(answer, at: upstream, contract) else { return nil }
        } else {
            guard let rejection = answer.rejection, upstream.circuit.rejects(again: rejection, &answer.decisionLine)
            else { return nil }
        }
        upstream.metrics.exchangeStarted()
        upstream.metrics.exchangeEnded(answer.report, status: answer.status, cost: terms.cost)
        return answer
    }

    private func isStored(_ answer: RepeatedAnswer, at upstream: Upstream, _ contract: CacheContract) -> Bool {
        guard self.use == .lookUp, let key = self.key else { return false }
        let now = Moment.now
        var variants = upstream.store.lookup(key, now: now)
        if contract.policy.mode == .http, let path = self.place?.path {
            variants = upstream.coordination.invalidations.valid(variants, of: path)
        }
        guard
            case .serve(let stored, nil) = contract.policy.select(
                from: variants,
                for: self.head.fields,
                self.demands,
                at: now
            ),
            answer.isGiven(for: stored, at: now, upstream.circuit.state)
        else { return false }
        upstream.cacheLog.hit(key, again: &answer.decisionLine)
        return true
    }
}
