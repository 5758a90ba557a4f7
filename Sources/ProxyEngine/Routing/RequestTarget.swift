// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// A request target taken apart, its path in the one form that routing and upstream both see.
///
/// Whatever an upstream could read as a step upwards is either resolved here, before a route is looked for, or refused:
/// a request never matches one mount and reaches another.
struct RequestTarget: Hashable {
    /// Whose resource an absolute-form target names; nil for origin form.
    var authority: Authority?
    /// What stands for a port that is not named: the scheme's.
    var defaultPort = 80
    /// Begins with `/`; percent-encoded, dot segments resolved (RFC 3986, 5.2.4).
    var path: String
    /// What follows the `?`.
    var query: Substring?
    /// A URL without any path: with OPTIONS, the server as a whole (RFC 9112, 3.2.4).
    private(set) var hasNoPath = false

    /// The path with the query, as a request line has it.
    var pathAndQuery: String { self.query.map { "\(self.path)?\($0)" } ?? self.path }

    init(_ target: String) throws(ProxyError) {
        var rest = target[...]
        self.path = "/"
        if !target.hasPrefix("/") { self.authority = try self.takeAuthority(&rest) }
        if let mark = rest.utf8.firstIndex(of: 0x3F) {
            self.query = rest[rest.index(after: mark)...]
            rest = rest[..<mark]
        }
        self.hasNoPath = rest.isEmpty && self.query == nil
        self.path = try Self.normalized(rest.isEmpty ? "/" : rest)
    }

    /// Within a tunnel everything is asked of its origin: what names another was sent the wrong way (RFC 9110, 15.5.20).
    mutating func confine(to origin: Authority, host: String?) throws(ProxyError) {
        for named in [self.authority, host.flatMap { Authority($0[...]) }].compactMap(\.self) {
            guard named.name == origin.name, (named.port ?? 443) == origin.port else {
                throw ProxyError(.misdirected, "the tunnel is to another host")
            }
        }
        self.authority = origin
        self.defaultPort = 443
    }

    /// Schemes, and what stands for a port. Some clients name a WebSocket by its own, to a proxy too (RFC 6455, 3).
    private static let schemes = [("http://", 80), ("https://", 443), ("ws://", 80), ("wss://", 443)]

    /// `http://host:port/path` (RFC 9112, 3.2.2). User information in a target is a trick, not a request (RFC 9110, 4.2.4).
    private mutating func takeAuthority(_ rest: inout Substring) throws(ProxyError) -> Authority {
        guard let (scheme, port) = Self.schemes.first(where: { rest.prefix($0.0.count).equalsIgnoringCase($0.0) })
        else {
            throw ProxyError(.badRequest, "the request target is neither a path nor an http URL")
        }
        self.defaultPort = port
        rest = rest.dropFirst(scheme.count)
        let text = rest.prefix { $0 != "/" && $0 != "?" }
        rest = rest.dropFirst(text.count)
        guard let authority = Authority(text) else {
            throw ProxyError(.badRequest, "the authority of the request target is malformed")
        }
        return authority
    }

    private static func normalized(_ path: Substring) throws(ProxyError) -> String {
        guard Self.mayHaveDots(path) else { return String(path) }
        var segments: [Substring] = []
        let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
        for (position, part) in parts.enumerated() {
            let isLast = position == parts.count - 1
            switch try Self.kind(of: part) {
            case .name: segments.append(part)
            case .here: if isLast { segments.append("") }
            case .up:
                guard segments.popLast() != nil else {
                    throw ProxyError(.badRequest, "the path leads above its root")
                }
                if isLast { segments.append("") }
            }
        }
        return "/" + segments.joined(separator: "/")
    }

    /// Nearly no path has any of these, and then it is taken as it is.
    private static func mayHaveDots(_ path: Substring) -> Bool {
        var previous: UInt8 = 0
        for byte in path.utf8 {
            if byte == 0x5C || byte == 0x25 || byte == 0x2E && (previous == 0x2F || previous == 0x2E) { return true }
            previous = byte
        }
        return false
    }

    private enum Segment { case name, here, up }

    /// Encoded dots count as dots. A separator that is encoded, or that only some servers take for one, does not divide,
    /// but must not hide a step upwards either; nor must a path parameter (`..;x`).
    private static func kind(of segment: Substring) throws(ProxyError) -> Segment {
        guard PercentEncoding.isValid(segment) else { throw ProxyError(.badRequest, "the path has half an encoding") }
        let decoded = PercentEncoding.decode(segment)
        if decoded.contains(0) { throw ProxyError(.badRequest, "the path has a zero octet") }
        if decoded == [0x2E] { return .here }
        if decoded == [0x2E, 0x2E] { return .up }
        let hidden = decoded.split(omittingEmptySubsequences: false) { $0 == 0x2F || $0 == 0x5C }.map { part in
            part.prefix { $0 != 0x3B }
        }
        let isHiding = hidden.contains {
            $0.elementsEqual([0x2E, 0x2E]) || hidden.count == 1 && $0.elementsEqual([0x2E])
        }
        guard !isHiding else { throw ProxyError(.badRequest, "the path hides a dot segment") }
        return .name
    }
}
