// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// A path that the proxy answers itself.
package struct LocalRoute: Sendable {
    /// Begins with `/`.
    package let path: String
    /// Empty: every method. HEAD is answered wherever GET is.
    package let methods: Set<HTTPMethod>
    /// Whether everything below the path belongs to it too.
    package let isPrefix: Bool
    package let handler: any LocalHandler

    package init(path: String, methods: Set<HTTPMethod>, isPrefix: Bool = false, handler: any LocalHandler) {
        self.path = path
        self.methods = methods
        self.isPrefix = isPrefix
        self.handler = handler
    }

    func allows(_ method: HTTPMethod) -> Bool {
        self.methods.isEmpty || self.methods.contains(method) || method == .head && self.methods.contains(.get)
    }

    /// The value of `Allow` (RFC 9110, 10.2.1).
    var allow: String {
        var names = self.methods.map(\.rawValue)
        if self.methods.contains(.get), !self.methods.contains(.head) { names.append("HEAD") }
        return names.sorted().joined(separator: ", ")
    }
}
