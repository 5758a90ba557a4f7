// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

extension UpstreamURL {
    /// Why a text is not the URL of an upstream. The words never repeat the text, which may carry a password.
    struct Rejection: Error {
        var message: String
        init(_ message: String) { self.message = message }
    }

    /// `http` or `https`, a host, perhaps a port and a path; nothing else (RFC 3986, 3).
    init(parsing text: String) throws(Rejection) {
        guard let separator = text.firstRange(of: "://") else {
            throw Rejection("expected a URL such as https://api.example.com/v1")
        }
        let isTLS: Bool
        switch text[..<separator.lowerBound].lowercased() {
        case "https": isTLS = true
        case "http": isTLS = false
        default: throw Rejection("expected a URL of the scheme http or https")
        }
        let rest = text[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let path = rest[authority.endIndex...]
        guard !authority.contains("@") else {
            throw Rejection("a URL has no user and password here; use api_key and auth, or headers")
        }
        guard !path.contains("?") else { throw Rejection("a URL has no query here; clients send theirs") }
        guard !path.contains("#") else { throw Rejection("a URL has no fragment here") }
        guard authority.utf8.count == authority.count, let endpoint = Endpoint(parsing: authority) else {
            throw Rejection("the host or the port of the URL is not valid")
        }
        guard !endpoint.host.isEmpty else { throw Rejection("the URL has no host") }
        if let port = endpoint.port, !(1...65535 ~= port) {
            throw Rejection("the port of the URL is not in 1...65535")
        }
        guard let basePath = MountPath.normalized(path) else {
            throw Rejection("the path of the URL is not valid: it must have no empty, . or .. segment, and no space")
        }
        self.init(isTLS: isTLS, host: endpoint.host, port: endpoint.port ?? (isTLS ? 443 : 80), basePath: basePath)
    }
}

/// A host with or without a port, as URLs and listeners write it.
struct Endpoint {
    /// In lower case, IPv6 as everybody writes it and without brackets; may be empty.
    var host: String
    var port: Int?

    /// Nil if the host has a character that none may have or is in brackets and no address, or the port is no number.
    init?(parsing text: Substring) {
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { return nil }
            let host = text[..<end].dropFirst()
            guard host.contains(":"), !host.contains("%"), let address = IPAddress(String(host)) else { return nil }
            self.host = address.description
            guard let port = Self.port(text[end...].dropFirst()) else { return nil }
            self.port = port
        } else {
            let host = text.prefix { $0 != ":" }
            guard host.utf8.allSatisfy(Self.isHostCharacter), host.utf8.count <= 253 else { return nil }
            self.host = host.lowercased()
            guard let port = Self.port(text[host.endIndex...]) else { return nil }
            self.port = port
        }
    }

    /// `.some(nil)` if there is no port, nil if it is no number.
    private static func port(_ text: Substring) -> Int?? {
        guard !text.isEmpty else { return .some(nil) }
        let digits = text.dropFirst()
        guard text.first == ":", 1...5 ~= digits.utf8.count, digits.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) else {
            return nil
        }
        return Int(digits).map { .some($0) }
    }

    /// Letters, digits, `-`, `.` and `_`, which private networks use.
    private static func isHostCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
        default: false
        }
    }
}

/// The path where something is mounted.
enum MountPath {
    /// Without a slash at the end, so that `/` is empty. Nil if it does not begin with one or is not a clean path.
    static func normalized(_ text: some StringProtocol) -> String? {
        if text.isEmpty { return "" }
        guard text.first == "/" else { return nil }
        let path = text.last == "/" ? String(text.dropLast()) : String(text)
        guard path.utf8.allSatisfy(Self.isPathCharacter) else { return nil }
        let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
        return segments.contains { ["", ".", ".."].contains($0) } ? nil : path
    }

    /// Whether `path` is `prefix` or stands below it.
    static func contains(_ prefix: String, _ path: String) -> Bool {
        path == prefix || path.hasPrefix(prefix + "/")
    }

    /// What may stand in a path without encoding (RFC 3986, 3.3), and the `%` of what is encoded.
    static func isPathCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x24...0x2F, 0x3A, 0x3B, 0x3D, 0x40, 0x5F, 0x7E: true
        default: false
        }
    }
}
