// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Resilience

extension CredentialPlacement {
    /// `{header: NAME}` or `{query: NAME}`.
    static func decode(_ reader: inout MappingReader) -> CredentialPlacement? {
        let header = reader.value("header")
        let query = reader.value("query")
        switch (header, query) {
        case (let header?, nil): return header.fieldName(reader.problems).map { .header($0) }
        case (nil, let query?): return query.parameterName(reader.problems).map { .query($0) }
        case (nil, nil), (_?, _?):
            reader.problems.error("expected either header: NAME or query: NAME", at: reader.node)
            return nil
        }
    }
}

extension HeaderRules {
    /// Fields that the proxy itself writes or that concern one connection only (RFC 9110, 7.6.1).
    private static let reserved: Set<String> = [
        "connection", "content-length", "host", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
        "upgrade", "via",
    ]

    static func decode(_ reader: inout MappingReader) -> HeaderRules {
        var rules = HeaderRules()
        rules.remove = reader.elements("remove") { $0.fieldName($1) } ?? []
        var names: Set<String> = []
        for entry in reader.named("set") {
            let name = entry.key.lowercased()
            if !entry.key.isToken {
                reader.problems.error(
                    "is not the name of a header: letters, digits and -",
                    at: entry.keyLocation,
                    path: entry.value.path
                )
            } else if Self.reserved.contains(name) {
                reader.problems.error("is written by the proxy itself", at: entry.keyLocation, path: entry.value.path)
            } else if !names.insert(name).inserted {
                reader.problems.error("is set twice", at: entry.keyLocation, path: entry.value.path)
            } else if let value = entry.value.fieldValue(reader.problems) {
                rules.set.append(Field(name: entry.key, value: value))
            }
        }
        return rules
    }
}

extension Timeouts {
    static func decode(_ reader: inout MappingReader) -> Timeouts {
        var timeouts = Timeouts()
        let range = Duration.milliseconds(1)...Duration.seconds(86400)
        timeouts.connect = reader.duration("connect", in: range, default: timeouts.connect)
        timeouts.firstByte = reader.duration("first_byte", in: range, default: timeouts.firstByte)
        timeouts.idle = reader.duration("idle", in: range, default: timeouts.idle)
        timeouts.total = reader.duration("total", in: range, default: timeouts.total)
        return timeouts
    }
}

extension CircuitBreaker.Policy {
    /// - Parameter total: How long an exchange may take, and so how long a probe may hold its place.
    static func decode(_ reader: inout MappingReader, total: Duration) -> CircuitBreaker.Policy {
        var policy = CircuitBreaker.Policy()
        let range = Duration.milliseconds(1)...Duration.seconds(86400)
        policy.mode = reader.choice("mode", default: policy.mode)
        policy.failMax = reader.int("fail_max", in: 1...1000, default: policy.failMax)
        policy.resetTimeout = reader.duration("reset_timeout", in: range, default: policy.resetTimeout)
        policy.successThreshold = reader.int("success_threshold", in: 1...1000, default: policy.successThreshold)
        policy.probes = reader.int("probes", in: 1...1000, default: policy.probes)
        policy.probeLease = reader.duration("probe_lease", in: range, default: total)
        policy.excludedAs = reader.choice("excluded_as", default: policy.excludedAs)
        _ = reader.elements("exclude") { $0.statusEntry(canTakeBack: true, $1) }
        return policy
    }
}

extension ResponseRules {
    /// All but `exclude`, which the file has with the breaker.
    static func decode(_ reader: inout MappingReader) -> ResponseRules {
        var rules = ResponseRules()
        rules.throttled = reader.statuses("throttled") ?? rules.throttled
        rules.expect = reader.choice("expect", default: rules.expect)
        rules.failedWhen = (reader.sections("failed_when") { Condition.decode(&$0) } ?? []).compactMap(\.self)
        return rules
    }
}

extension ResponseRules.Condition {
    static func decode(_ reader: inout MappingReader) -> ResponseRules.Condition? {
        let pointer = reader.value("pointer")
        let equals = reader.value("equals")
        guard let pointer, let equals else {
            reader.problems.error("needs a pointer and what it equals", at: reader.node)
            return nil
        }
        guard let path = pointer.jsonPointer(reader.problems), let value = equals.scalar, !value.isBroken else {
            if equals.scalar == nil { equals.expected("a text, a number, true, false or null", reader.problems) }
            return nil
        }
        return ResponseRules.Condition(pointer: path, equals: value.text)
    }
}

extension ConnectionLimits {
    static func decode(_ reader: inout MappingReader) -> ConnectionLimits {
        var limits = ConnectionLimits()
        limits.idle = reader.duration("idle", in: .milliseconds(1)...(.seconds(86400)), default: limits.idle)
        limits.maxIdle = reader.int("max_idle", in: 0...10000, default: limits.maxIdle)
        return limits
    }
}

extension UpstreamTLS {
    /// Reads the file too, so that what is wrong with it is told before anything runs by it.
    static func decode(_ reader: inout MappingReader) -> UpstreamTLS {
        var tls = UpstreamTLS()
        if let node = reader.value("ca_file"), !node.isNull, node.scalar?.text.isEmpty != true {
            tls.caFile = PEMReader(problems: reader.problems).certificates(node)?.path
        }
        return tls
    }
}

extension MappingReader {
    /// The statuses of a list of codes, classes and ranges.
    mutating func statuses(_ key: String) -> Set<Int>? {
        self.elements(key) { $0.statusEntry(canTakeBack: false, $1) }.map { entries in
            let set = StatusSet(entries) ?? .empty
            return Set((100...599).filter(set.contains))
        }
    }
}
