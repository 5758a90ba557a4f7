// SPDX-License-Identifier: Apache-2.0

package import HTTPCaching
import HTTPMessage
import Logging
import NIOCore
package import ProxyConfiguration
import Resilience

/// One declared upstream as a snapshot knows it: its settings, which a reload replaces, and what outlives reloads.
///
/// A reference, since every exchange hands it through a dozen calls, and its settings are thirty references themselves.
package final class Upstream: Sendable {
    package let configuration: UpstreamConfiguration
    package let circuit: Circuit
    package let metrics: UpstreamMetrics
    /// The answers of all upstreams.
    package let store: MemoryStore
    let coordination: CacheCoordination
    let connector: Connector
    /// One pool for each worker, by its index.
    let pools: [NIOLoopBoundBox<ConnectionPool>]
    let cacheLog: CacheLog
    /// What of a request is a credential, for keys of the cache.
    let credentials: CredentialNames
    /// Likewise by the origin's word, which itself decides for whom an answer is: to `Authorization` by RFC 9111, 3.5, and
    /// to cookies by what stands beside them. What is meant for this proxy does not change an answer at all.
    let partition: CredentialNames
    /// Hides them in what people are shown of its targets.
    let mask: TargetMask
    // What every exchange asks for, beside the settings, where it costs one load.
    let strip: [String]
    /// The value of `Host`.
    let authority: String
    /// Those of its routes, in the order of the file, and its own.
    private let terms: [ExchangeTerms]
    private let ownTerms: ExchangeTerms
    /// The value of `X-Windbreak-Circuit` for each state.
    private let circuitFields: (closed: String, open: String, halfOpen: String)
    package let name: String

    init(
        _ configuration: UpstreamConfiguration,
        circuit: Circuit,
        metrics: UpstreamMetrics,
        store: MemoryStore,
        coordination: CacheCoordination,
        connector: Connector,
        pools: [NIOLoopBoundBox<ConnectionPool>],
        logger: Logger
    ) {
        self.configuration = configuration
        self.circuit = circuit
        self.metrics = metrics
        self.store = store
        self.coordination = coordination
        self.connector = connector
        self.pools = pools
        self.cacheLog = CacheLog(configuration.name, logger: logger)
        self.credentials = CredentialNames(configuration)
        self.partition = CredentialNames(
            configuration,
            without: ["authorization", "cookie", "proxy-authorization"]
        )
        self.mask = TargetMask(Set(self.credentials.query + self.credentials.ignoredQuery))
        self.terms = configuration.routes.map(ExchangeTerms.init)
        self.ownTerms = ExchangeTerms(configuration)
        self.strip = configuration.strip
        self.authority = configuration.url.authority
        func field(_ state: CircuitBreaker.State) -> String { "\(configuration.name); state=\(state.rawValue)" }
        self.circuitFields = (field(.closed), field(.open), field(.halfOpen))
        self.name = configuration.name
    }

    /// The value of `X-Windbreak-Circuit`.
    func circuitField(_ state: CircuitBreaker.State) -> String {
        switch state {
        case .closed: self.circuitFields.closed
        case .open: self.circuitFields.open
        case .halfOpen: self.circuitFields.halfOpen
        }
    }

    /// What holds for a request.
    ///
    /// - Parameter path: Below the upstream's mount, with the query.
    func terms(for method: HTTPMethod, path: Substring) -> ExchangeTerms {
        guard !self.terms.isEmpty else { return self.ownTerms }
        let path = path.prefix { $0 != "?" }
        return self.terms.first { $0.holds(for: method, path) } ?? self.ownTerms
    }

    func pool(of worker: Worker) -> ConnectionPool { self.pools[worker.index].value }
}

extension CredentialNames {
    /// What the proxy replaces by its own key does not tell callers apart.
    ///
    /// - Parameter shared: Fields that do not either.
    fileprivate init(_ configuration: UpstreamConfiguration, without shared: Set<String> = []) {
        let isReplaced = !(configuration.apiKey?.revealed.isEmpty ?? true)
        var (header, parameter): (Set<String>, Set<String>) = ([], [])
        switch configuration.auth {
        case .header(let name)?: header = [name.lowercased()]
        case .query(let name)?: parameter = [name.lowercased()]
        case nil: break
        }
        self.init(
            headers: configuration.secretHeaders.union(header),
            query: configuration.secretQuery.union(parameter),
            ignoredHeaders: (isReplaced ? header : []).union(shared),
            ignoredQuery: isReplaced ? parameter : []
        )
    }
}
