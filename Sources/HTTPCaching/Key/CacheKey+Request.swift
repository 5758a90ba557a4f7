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
        fields: borrowing HeaderFields,
        content: borrowing ByteBuffer,
        policy: borrowing CachePolicy,
        credentials: borrowing CredentialNames
    ) {
        var hasher = KeyHasher()
        hasher.add(.upstream, upstream)
        hasher.add(.method, method.rawValue)
        hasher.add(target: target, policy, credentials)
        for name in policy.headers { hasher.add(.field, name, in: fields) }
        if !policy.sharesCredentials {
            for name in credentials.headers { hasher.add(.credentialField, name, in: fields) }
        }
        if content.readableBytes > 0 { hasher.add(content: content, fields) }
        self = hasher.key()
    }
}

extension KeyHasher {
    /// A field with all its values, in order; nothing if there is none.
    fileprivate mutating func add(_ piece: Piece, _ name: String, in fields: HeaderFields) {
        var isFirst = true
        fields.forEachValue(of: name) { value in
            if isFirst { self.add(piece, name) }
            isFirst = false
            self.add(.fieldValue, value)
        }
    }

    fileprivate mutating func add(target: Substring, _ policy: CachePolicy, _ credentials: CredentialNames) {
        // Octets in place: what walks over a `Substring` costs more than the hash.
        var target = target
        target.withUTF8 { self.add(target: UnsafeRawBufferPointer($0), policy, credentials) }
    }

    private mutating func add(
        target: UnsafeRawBufferPointer,
        _ policy: CachePolicy,
        _ credentials: CredentialNames
    ) {
        guard let mark = target.firstIndex(of: 0x3F) else { return self.add(.path, target) }
        self.add(.path, UnsafeRawBufferPointer(rebasing: target[..<mark]))
        let query = UnsafeRawBufferPointer(rebasing: target[(mark + 1)...])
        var hasCredentials = false
        Self.forEachParameter(in: query) { name, parameter in
            if credentials.query.contains(where: name.equalsIgnoringCase) {
                hasCredentials = true
            } else if !credentials.ignoredQuery.contains(where: name.equalsIgnoringCase),
                !policy.ignoredQuery.contains(where: name.equalsIgnoringCase)
            {
                self.add(.parameter, parameter)
            }
        }
        guard hasCredentials, !policy.sharesCredentials else { return }
        Self.forEachParameter(in: query) { name, parameter in
            if credentials.query.contains(where: name.equalsIgnoringCase) {
                self.add(.credentialParameter, parameter)
            }
        }
    }

    /// Names are compared as they are written. One that hides its letters behind percent-encoding is an ordinary
    /// parameter, which makes another key and never a wrong one.
    private static func forEachParameter(
        in query: UnsafeRawBufferPointer,
        _ body: (_ name: UnsafeRawBufferPointer, _ parameter: UnsafeRawBufferPointer) -> Void
    ) {
        var start = 0
        while true {
            let end = query[start...].firstIndex(of: 0x26) ?? query.count
            let parameter = UnsafeRawBufferPointer(rebasing: query[start..<end])
            let equals = parameter.firstIndex(of: 0x3D) ?? parameter.count
            body(UnsafeRawBufferPointer(rebasing: parameter[..<equals]), parameter)
            guard end < query.count else { return }
            start = end + 1
        }
    }
}
