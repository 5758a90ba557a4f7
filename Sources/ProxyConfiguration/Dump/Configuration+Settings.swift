// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOSSL

extension Configuration {
    var settings: Setting {
        .mapping([
            // Shown where it applies.
            "access": AccessRules().settings,
            "listen": .list(self.listen.map(\.setting)),
            "admin": self.admin?.setting ?? .text("off"),
            "threads": self.threads.map { .int($0) } ?? .text("auto"),
            "drain_timeout": .duration(self.drainTimeout),
            "log": self.log.settings,
            "downstream": self.downstream.settings,
            "forward": self.forward.settings,
            "cache": .mapping([
                "memory": .size(self.store.memory),
                "file": .text(self.store.file ?? "off"),
                "max_size": .size(self.store.maxSize),
                "shares": .mapping(
                    self.store.shares.map { Setting.Member(name: $0.upstream, value: .text("\($0.percent)%")) }
                ),
            ]),
            "upstreams": .mapping(
                self.upstreams.map { Setting.Member(name: $0.name, value: $0.settings) }
            ),
            "combined": .mapping(
                self.combined.map { Setting.Member(name: $0.name, value: $0.settings) }
            ),
        ])
    }
}

extension ListenerConfiguration {
    /// The address alone where that is all.
    fileprivate var setting: Setting {
        if self.tls == nil, self.proxyProtocol.isEmpty, self.access == AccessRules(), self.http2 {
            return .text(self.address.description)
        }
        return .mapping([
            "address": .text(self.address.description),
            "tls": self.tls?.settings,
            "http2": .bool(self.http2),
            "access": self.access.settings,
            "proxy_protocol": .texts(
                self.proxyProtocol.networks.map(\.description) + (self.proxyProtocol.includesUnix ? ["unix"] : [])
            ),
        ])
    }
}

extension AccessRules {
    fileprivate var settings: Setting {
        .mapping([
            "tokens": .list(self.tokens.map { .secret($0.revealed) }),
            "networks": .texts(self.networks.map(\.description)),
            "open": .bool(self.isOpen),
        ])
    }
}

extension ServerTLS {
    fileprivate var settings: Setting {
        .mapping([
            "certificate": .file(self.certificateFile, contentHash: self.chain.hashValue),
            "key": .file(self.keyFile, contentHash: self.key.hashValue),
            "client_ca": self.clientAuthorityFile.map {
                .file($0, contentHash: self.clientAuthorities.hashValue)
            },
            "client_certificates": .text(self.clientCertificates.rawValue),
        ])
    }
}

extension LogConfiguration {
    fileprivate var settings: Setting {
        .mapping([
            "level": .text(self.level.rawValue),
            "format": .text(self.format.rawValue),
            "access": self.access.setting,
            "circuit": .mapping([
                "state_changes": .bool(self.circuit.stateChanges),
                "failures": .bool(self.circuit.failures),
                "successes": .bool(self.circuit.successes),
            ]),
        ])
    }
}

extension LogConfiguration.Access {
    fileprivate var setting: Setting {
        switch self {
        case .stdout: .text("stdout")
        case .off: .text("off")
        case .file(let path): .text(path)
        }
    }
}

extension DownstreamConfiguration {
    fileprivate var settings: Setting {
        .mapping([
            "handshake_timeout": .duration(self.handshakeTimeout),
            "header_timeout": .duration(self.headerTimeout),
            "keep_alive": .duration(self.keepAlive),
            "idle": .duration(self.idle),
            "min_rate": .size(self.minRate),
            "max_connections": .int(self.maxConnections),
            "max_connections_per_address": .int(self.maxConnectionsPerAddress),
            "max_target": .size(self.maxTarget),
            "max_header_size": .size(self.maxHeaderSize),
            "max_header_count": .int(self.maxHeaderCount),
            "max_streams": .int(self.maxStreams),
        ])
    }
}

extension CombinedConfiguration {
    fileprivate var settings: Setting {
        .mapping([
            "path": .text(self.path),
            "legs": .texts(self.legs),
            "deadline": .duration(self.deadline),
            "max_image": .size(self.maxImage),
            "max_images": .int(self.maxImages),
        ])
    }
}
