// SPDX-License-Identifier: Apache-2.0

import Logging
import ProxyConfiguration
import Resilience

/// The lines that tell the life of a circuit. Their wording is a contract: operators grep for it.
///
/// A reference, since every rejection takes it along.
final class CircuitLog: Sendable {
    let lines: LogConfiguration.Circuit
    private let logger: Logger
    private let requests: RequestLog

    init(logger: Logger, lines: LogConfiguration.Circuit) {
        self.lines = lines
        self.logger = logger
        self.requests = RequestLog(logger)
    }

    func initialized(_ name: String, _ policy: CircuitBreaker.Policy) {
        guard policy.mode != .off else { return }
        self.logger.info(
            """
            [CIRCUIT] \(name) circuit breaker initialized \
            (fail_max=\(policy.failMax), reset_timeout=\(Quantity.text(policy.resetTimeout)))
            """
        )
    }

    func rejected(_ name: String) {
        guard self.lines.stateChanges else { return }
        self.requests.write(.warning, Self.rejection(name))
    }

    /// - Parameter excerpt: What is kept of the line from one time to the next.
    func rejected(_ name: String, again excerpt: inout LogLine.Excerpt?) {
        guard self.lines.stateChanges else { return }
        self.requests.write(.warning, again: &excerpt, Self.rejection(name))
    }

    private static func rejection(_ name: String) -> RequestLog.Message {
        ("[CIRCUIT] ", name, " circuit OPEN - skipping API call (fast fail)")
    }

    func write(_ event: CircuitBreaker.Event, of name: String) {
        switch event {
        case .succeeded where self.lines.successes:
            self.logger.info("[CIRCUIT] \(name) call succeeded")
        case .failed(let kind, let count, let limit) where self.lines.failures:
            self.logger.debug("[CIRCUIT] \(name) call failed (\(count)/\(limit), error: \(kind.rawValue))")
        case .reachedThreshold(let kind, let count) where self.lines.failures:
            self.logger.error(
                "[CIRCUIT] \(name) failure threshold reached (\(count) failures) - circuit will open",
                metadata: ["error": "\(kind.rawValue)"]
            )
        case .probeFailed(let kind) where self.lines.failures:
            self.logger.warning(
                "[CIRCUIT] \(name) recovery test FAILED - circuit reopening (error: \(kind.rawValue))"
            )
        case .probeSucceeded(let count, let threshold):
            // Whatever is switched off: the steps of a recovery are few, and somebody waits for them.
            self.logger.info("[CIRCUIT] \(name) recovery test SUCCESS (\(count)/\(threshold) required)")
        case .moved(let transition) where self.lines.stateChanges:
            self.logger.warning(
                """
                [CIRCUIT] \(name) state transition: \(transition.from.shouted) → \(transition.to.shouted) \
                (fail_count=\(transition.failCount), success_count=\(transition.successCount))
                """,
                metadata: ["cause": "\(transition.cause.rawValue)"]
            )
        case .opened(let opening) where self.lines.stateChanges:
            let reason = opening.isForced ? "forced" : "fail_max=\(opening.failMax) reached"
            let isEnforced = opening.mode == .enforce
            self.logger.error(
                """
                [CIRCUIT] \(name) circuit OPENED - API calls \(isEnforced ? "will" : "would") be blocked \
                \(opening.duration.limit) (\(reason))
                """,
                metadata: isEnforced ? nil : ["mode": "\(opening.mode.rawValue)"]
            )
        case .forced(let state, let duration) where self.lines.stateChanges:
            self.logger.warning("[CIRCUIT] \(name) forced \(state.rawValue.uppercased()) by hand \(duration.limit)")
        case .wasReset where self.lines.stateChanges:
            self.logger.warning("[CIRCUIT] \(name) reset by hand")
        case .wouldReject where self.lines.stateChanges:
            self.logger.warning(
                "[CIRCUIT] \(name) circuit OPEN - would skip API call",
                metadata: ["mode": "\(CircuitBreaker.Policy.Mode.observe.rawValue)"]
            )
        case .succeeded, .failed, .reachedThreshold, .probeFailed, .moved, .opened, .forced, .wasReset,
            .wouldReject:
            break
        }
    }
}

extension CircuitBreaker.State {
    fileprivate var shouted: String { self.rawValue.uppercased() }
}

extension Duration? {
    fileprivate var limit: String {
        self.map { "for \(Quantity.text($0))" } ?? "until it is reset"
    }
}
