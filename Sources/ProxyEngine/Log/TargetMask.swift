// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// Hides the secrets of request targets, so that they can be shown in logs and errors.
///
/// The values of secret query parameters become `***`: of those that an upstream names, and always of those that are
/// well known. Names count without regard to case and to percent-encoding. User information is hidden too.
package struct TargetMask: Sendable {
    package static let wellKnownNames: Set<String> = [
        "api-key", "api_key", "apikey", "key", "token", "access_token", "password", "secret", "signature",
    ]

    /// In lower case.
    private let names: [[UInt8]]

    /// - Parameter names: More names of secret parameters.
    package init(_ names: Set<String> = []) {
        self.names = Self.wellKnownNames.union(names.map { $0.lowercased() }).map { Array($0.utf8) }
    }

    /// The same text when there is nothing to hide, which costs one pass over its bytes.
    package func masked(_ target: String) -> String {
        var target = target
        let masked = target.withUTF8 { bytes -> String? in
            guard bytes.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "@") }) else { return nil }
            return self.masked(bytes)
        }
        return masked ?? target
    }

    private func masked(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        var masked: [UInt8] = []
        var shown = 0
        func hide(_ range: Range<Int>) {
            masked += bytes[shown..<range.lowerBound]
            masked += "***".utf8
            shown = range.upperBound
        }
        let path = bytes.prefix { $0 != UInt8(ascii: "?") }
        if let range = Self.userInformation(path) { hide(range) }
        var rest = bytes[path.endIndex...].dropFirst()
        while !rest.isEmpty {
            let parameter = rest.prefix { $0 != UInt8(ascii: "&") && $0 != UInt8(ascii: ";") }
            let name = parameter.prefix { $0 != UInt8(ascii: "=") }
            if name.endIndex < parameter.endIndex, self.isSecret(name) { hide(name.endIndex + 1..<parameter.endIndex) }
            rest = rest[parameter.endIndex...].dropFirst()
        }
        return shown == 0 ? nil : String(decoding: masked + bytes[shown...], as: UTF8.self)
    }

    /// What stands before the `@` of an absolute target's authority.
    private static func userInformation(_ path: Slice<UnsafeBufferPointer<UInt8>>) -> Range<Int>? {
        guard path.first != UInt8(ascii: "/") else { return nil }
        let slashes = path.firstRange(of: "//".utf8)
        let authority = path[(slashes?.upperBound ?? path.startIndex)...].prefix { $0 != UInt8(ascii: "/") }
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return nil }
        return authority.startIndex..<at
    }

    private func isSecret(_ name: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        guard name.contains(UInt8(ascii: "%")) else { return self.names.contains { $0.matches(name) } }
        let decoded = PercentEncoding.decode(String(decoding: name, as: UTF8.self))
        return self.names.contains { $0.matches(decoded) }
    }
}

extension [UInt8] {
    /// Equality without regard to the case of ASCII letters; self is in lower case.
    fileprivate func matches(_ name: some Collection<UInt8>) -> Bool {
        self.count == name.count && zip(self, name).allSatisfy { $0 == $1.lowercasedASCII }
    }
}
