// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import Resilience

extension UpstreamConfiguration {
    var settings: Setting {
        .mapping([
            "url": .text(self.url.description),
            "path": .text(self.path.isEmpty ? "/" : self.path),
            "strip": .texts(self.strip),
            "hosts": .texts(self.hosts),
            "private": .bool(self.isPrivate),
            "api_key": self.apiKey.map { .secret($0.revealed) },
            "auth": self.auth?.settings,
            "secret": .mapping([
                "headers": .sorted(self.secretHeaders),
                "query": .sorted(self.secretQuery),
            ]),
            "headers": self.requestHeaders.settings(secret: self.secretHeaders),
            "forwarded": .text(self.forwardedHeaders.rawValue),
            "timeouts": self.timeouts.settings,
            "breaker": self.breaker.settings(exclude: self.responses.exclude),
            "responses": self.responses.settings,
            "cache": self.cache?.settings ?? .text("off"),
            "routes": .list(self.routes.map(\.settings)),
            "connections": .mapping([
                "idle": .duration(self.connections.idle),
                "max_idle": .int(self.connections.maxIdle),
            ]),
            "tls": .mapping(["ca_file": self.tls.caFile.map { .text($0) }]),
            "http2": .text(self.http2.rawValue),
            "max_body": .size(self.maxBody),
            "identify": self.identify?.settings,
        ])
    }
}

extension CredentialPlacement {
    fileprivate var settings: Setting {
        switch self {
        case .header(let name): .mapping(["header": .text(name)])
        case .query(let name): .mapping(["query": .text(name)])
        }
    }
}

extension HeaderRules {
    fileprivate func settings(secret: Set<String>) -> Setting {
        .mapping([
            "remove": .texts(self.remove),
            "set": .mapping(
                self.set.map { field in
                    Setting.Member(name: field.name, value: .text(field.value, named: field.name, secret: secret))
                }
            ),
        ])
    }
}

extension Timeouts {
    fileprivate var settings: Setting {
        .mapping([
            "connect": .duration(self.connect),
            "first_byte": .duration(self.firstByte),
            "idle": .duration(self.idle),
            "total": .duration(self.total),
        ])
    }
}

extension CircuitBreaker.Policy {
    fileprivate func settings(exclude: StatusSet) -> Setting {
        .mapping([
            "mode": .text(self.mode.rawValue),
            "fail_max": .int(self.failMax),
            "reset_timeout": .duration(self.resetTimeout),
            "success_threshold": .int(self.successThreshold),
            "probes": .int(self.probes),
            "probe_lease": .duration(self.probeLease),
            "exclude": .texts(exclude.entries),
            "excluded_as": .text(self.excludedAs.rawValue),
        ])
    }
}

extension ResponseRules {
    fileprivate var settings: Setting {
        .mapping([
            "throttled": .sorted(self.throttled),
            "expect": .text(self.expect.rawValue),
            "failed_when": .list(
                self.failedWhen.map { .mapping(["pointer": .text($0.pointer), "equals": .text($0.equals)]) }
            ),
        ])
    }
}

extension CachePolicy {
    fileprivate var settings: Setting {
        .mapping([
            "mode": .text(self.mode.rawValue),
            "ttl": self.ttl.map { .duration($0) },
            "methods": .sorted(self.methods.map(\.rawValue)),
            "statuses": self.statuses.map { .sorted($0) },
            "headers": .texts(self.headers),
            "ignore_query": .sorted(self.ignoredQuery),
            "share_credentials": .bool(self.sharesCredentials),
            "max_entry": .size(self.maxEntry),
            "stale_if_error": .duration(self.staleIfError),
            "hold_down": .duration(self.holdDown),
            "retention": self.retention.map { .duration($0) } ?? .text("auto"),
        ])
    }
}

extension RouteRule {
    fileprivate var settings: Setting {
        .mapping([
            "path": .text(self.path),
            "methods": .sorted(self.methods.map(\.rawValue)),
            "cache": self.cache?.settings ?? .text("off"),
            "timeouts": self.timeouts.settings,
            "free": .bool(self.isFree),
            "cost": self.cost.map { .text("\($0)") },
        ])
    }
}
