// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import ProxyConfiguration
import ProxyEngine

/// The keys that a caller sends with a combined request, each where its API wants it.
///
/// A leg gets the one that its own `auth` names and no other: what belongs to one vendor never goes to another.
struct CallerCredentials {
    private let fields: HeaderFields
    private let query: QueryParameters

    init(_ request: LocalRequest) {
        self.fields = request.head.fields
        self.query = QueryParameters(request.query)
    }

    /// Adds the caller's key for an upstream that has none of its own.
    func add(to request: inout LegRequest, for upstream: UpstreamConfiguration) {
        guard upstream.apiKey?.revealed.isEmpty ?? true else { return }
        switch upstream.auth {
        case .header(let name):
            if let value = self.fields[name] { request.fields.set(name, value) }
        case .query(let name):
            if let parameter = self.query.first(name) { request.addQuery(name, parameter.encodedValue) }
        case nil:
            break
        }
    }
}
