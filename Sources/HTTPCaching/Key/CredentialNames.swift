// SPDX-License-Identifier: Apache-2.0

/// Where callers' secrets stand in requests to an upstream.
///
/// They are no part of what is asked for; their values only divide callers into partitions that share no answers.
package struct CredentialNames: Hashable, Sendable {
    /// Request fields, in lower case and sorted, so that equal names always make equal keys.
    package let headers: [String]
    /// Query parameters, likewise.
    package let query: [String]
    /// Query parameters that the proxy replaces by its own, so that it does not matter what callers send.
    package let ignoredQuery: [String]

    /// All names in lower case.
    ///
    /// - Parameters:
    ///   - ignoredHeaders: Those that the proxy replaces by its own: neither in the key nor in the partition.
    ///   - ignoredQuery: Likewise.
    package init(
        headers: Set<String> = [],
        query: Set<String> = [],
        ignoredHeaders: Set<String> = [],
        ignoredQuery: Set<String> = []
    ) {
        self.headers = headers.subtracting(ignoredHeaders).sorted()
        self.query = query.subtracting(ignoredQuery).sorted()
        self.ignoredQuery = ignoredQuery.sorted()
    }
}
