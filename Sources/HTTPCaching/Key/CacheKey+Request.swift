// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

extension CacheKey {
    /// The key of a request.
    ///
    /// Whoever changes anything in it that might change the answer gets another key: in the URL (parameters in the order
    /// in which they stand), in the fields that the policy names, in the credentials, in the content. Only what cannot
    /// matter is left out: the boundary of a form; the order of members, white space and escapes in JSON.
    ///
    /// - Parameters:
    ///   - target: The path below the upstream's mount, with the query.
    ///   - fields: The caller's.
    ///   - content: The caller's, whole.
    package init(
        upstream: String,
        method: HTTPMethod,
        target: Substring,
        fields: HeaderFields,
        content: ByteBuffer,
        policy: CachePolicy,
        credentials: CredentialNames
    ) {
        var hasher = KeyHasher()
        hasher.add(.upstream, upstream)
        hasher.add(.method, method.rawValue)
        hasher.add(target: target, policy, credentials)
        for name in policy.headers where fields.contains(name) {
            hasher.add(.field, name)
            hasher.add(.fieldValue, of: name, in: fields)
        }
        if !policy.sharesCredentials {
            for name in credentials.headers where fields.contains(name) {
                hasher.add(.credentialField, name)
                hasher.add(.fieldValue, of: name, in: fields)
            }
        }
        if content.readableBytes > 0 { hasher.add(content: content, fields) }
        self = hasher.key()
    }
}

extension KeyHasher {
    fileprivate mutating func add(target: Substring, _ policy: CachePolicy, _ credentials: CredentialNames) {
        let target = target.utf8
        guard let mark = target.firstIndex(of: 0x3F) else { return self.add(.path, target) }
        self.add(.path, target[..<mark])
        var hasCredentials = false
        let parameters = target[target.index(after: mark)...]
        Self.forEachParameter(in: parameters) { name, parameter in
            if credentials.query.contains(where: { name.equalsIgnoringCase($0) }) {
                hasCredentials = true
            } else if !credentials.ignoredQuery.contains(where: { name.equalsIgnoringCase($0) }),
                !policy.ignoredQuery.contains(where: { name.equalsIgnoringCase($0) })
            {
                self.add(.parameter, parameter)
            }
        }
        guard hasCredentials, !policy.sharesCredentials else { return }
        Self.forEachParameter(in: parameters) { name, parameter in
            if credentials.query.contains(where: { name.equalsIgnoringCase($0) }) {
                self.add(.credentialParameter, parameter)
            }
        }
    }

    /// Names are compared as they are written. One that hides its letters behind percent-encoding is an ordinary
    /// parameter, which makes another key and never a wrong one.
    private static func forEachParameter(
        in query: Substring.UTF8View,
        _ body: (_ name: Substring, _ parameter: Substring.UTF8View) -> Void
    ) {
        var rest = query
        while true {
            let parameter = rest.prefix { $0 != 0x26 }
            body(Substring(parameter.prefix { $0 != 0x3D }), parameter)
            guard parameter.endIndex < rest.endIndex else { return }
            rest = rest[rest.index(after: parameter.endIndex)...]
        }
    }
}
