// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// The parameters of a query, in order.
struct QueryParameters {
    struct Parameter {
        let name: String
        /// As it was sent, percent-encoded.
        let encodedValue: Substring

        var value: String { String(decoding: PercentEncoding.decode(self.encodedValue), as: UTF8.self) }
    }

    let parameters: [Parameter]

    init(_ query: String?) {
        self.parameters = (query ?? "").split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return Parameter(
                name: String(decoding: PercentEncoding.decode(parts[0]), as: UTF8.self),
                encodedValue: parts.count > 1 ? parts[1] : ""
            )
        }
    }

    /// Names of credentials are compared as the engine compares them when it replaces one.
    func first(_ name: String) -> Parameter? {
        self.parameters.first { $0.name.equalsIgnoringCase(name) }
    }
}
