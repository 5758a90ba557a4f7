// SPDX-License-Identifier: Apache-2.0

/// `uri-host [ ":" port ]` (RFC 9110, 7.2), as `Host` and request targets name a server; never with a user.
struct Authority: Hashable {
    /// In lower case; an IPv6 address without its brackets. Never empty.
    var host: String
    /// 0 to 65535; nil where there is none, or an empty one.
    var port: Int?

    init?(_ text: Substring) {
        let bytes = text.utf8
        let isAddress = bytes.first == 0x5B
        let end = isAddress ? bytes.firstIndex(of: 0x5D) : bytes.firstIndex(of: 0x3A) ?? bytes.endIndex
        guard let end else { return nil }
        let host = isAddress ? text[..<end].dropFirst() : text[..<end]
        guard !host.isEmpty, host.utf8.allSatisfy(isAddress ? Self.isAddressCharacter : Self.isNameCharacter) else {
            return nil
        }
        self.host = host.lowercased()
        let rest = isAddress ? text[end...].dropFirst() : text[end...]
        guard !rest.isEmpty else { return }
        let digits = rest.utf8.dropFirst()
        guard rest.utf8.first == 0x3A, digits.count <= 5, digits.allSatisfy({ 0x30...0x39 ~= $0 }) else { return nil }
        self.port = Int(rest.dropFirst())
        guard (self.port ?? 0) <= 65535 else { return nil }
    }

    /// As `Host` has it.
    var description: String {
        let host = self.host.utf8.contains(0x3A) ? "[\(self.host)]" : self.host
        return self.port.map { "\(host):\($0)" } ?? host
    }

    private static func isAddressCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3A, 0x41...0x46, 0x61...0x66, 0x2E: true
        default: false
        }
    }

    /// RFC 3986, 3.2.2.
    private static func isNameCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x21, 0x24...0x2E, 0x3B, 0x3D, 0x5F, 0x7E: true
        default: false
        }
    }
}
