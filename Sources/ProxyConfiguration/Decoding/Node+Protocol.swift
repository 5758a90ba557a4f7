// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Resilience

/// Values that HTTP has a grammar for. Each function reports what is wrong and returns nil then.
extension Node {
    func listenAddress(_ problems: Problems) -> ListenAddress? {
        let what = "an address such as 127.0.0.1:8080, [::1]:8080 or unix:/run/windbreak.sock"
        guard let text = self.text(problems, what) else { return nil }
        if text.hasPrefix("unix:") { return self.socketPath(String(text.dropFirst("unix:".count)), problems) }
        guard let endpoint = Endpoint(parsing: text[...]), !endpoint.host.isEmpty, let port = endpoint.port,
            0...65535 ~= port
        else {
            self.expected(what, problems)
            return nil
        }
        return ListenAddress(host: endpoint.host, port: port)
    }

    private func socketPath(_ written: String, _ problems: Problems) -> ListenAddress? {
        let path = self.location.source.resolve(written)
        guard !written.isEmpty, !written.hasSuffix("/"), !path.utf8.contains(0) else {
            self.expected("the path of a socket, such as unix:/run/windbreak.sock", problems)
            return nil
        }
        guard path.utf8.count <= ListenAddress.maxPath else {
            problems.error("the path of a socket has at most \(ListenAddress.maxPath) octets", at: self)
            return nil
        }
        return .unix(path: path)
    }

    /// An address or a network, as load balancers have them.
    func network(_ problems: Problems) -> IPNetwork? {
        let what = "an address or a network such as 192.0.2.1, 10.0.0.0/8 or 2001:db8::/32"
        guard let text = self.text(problems, what) else { return nil }
        guard let network = IPNetwork(text) else {
            self.expected(what, problems)
            return nil
        }
        return network
    }

    func url(_ problems: Problems) -> UpstreamURL? {
        guard let text = self.text(problems, "a URL such as https://api.example.com/v1") else { return nil }
        do throws(UpstreamURL.Rejection) {
            return try UpstreamURL(parsing: text)
        } catch {
            problems.error(error.message, at: self)
            return nil
        }
    }

    /// A host name or address, in lower case.
    func host(_ problems: Problems) -> String? {
        let what = "a host such as api.example.com, without a port"
        guard let text = self.text(problems, what) else { return nil }
        // An IPv6 address may stand with or without its brackets.
        let bracketed = text.contains(":") && !text.hasPrefix("[") ? "[\(text)]" : text
        guard let endpoint = Endpoint(parsing: bracketed[...]), !endpoint.host.isEmpty, endpoint.port == nil else {
            self.expected(what, problems)
            return nil
        }
        return endpoint.host
    }

    /// The path where something is mounted; empty for `/`.
    func mountPath(_ problems: Problems) -> String? {
        let what = "a path such as /weather"
        guard let text = self.text(problems, what) else { return nil }
        guard !text.isEmpty, let path = MountPath.normalized(text), !path.contains("%") else {
            self.expected("\(what), without a query, encoded octets or empty, . or .. segments", problems)
            return nil
        }
        guard !MountPath.contains("/-", path) else {
            problems.error("paths below /-/ are the proxy's own", at: self)
            return nil
        }
        return path
    }

    /// A path below an upstream's own; if a pattern, it may end with `*`, which alone is every path.
    func pathBelowMount(isPattern: Bool, _ problems: Problems) -> String? {
        let what = isPattern ? "a path such as /forecast or /v2/*" : "a path such as /forecast"
        guard let text = self.text(problems, what) else { return nil }
        let stars = text.utf8.count { $0 == UInt8(ascii: "*") }
        guard text.hasPrefix("/") || isPattern && text == "*", text.utf8.allSatisfy(MountPath.isPathCharacter),
            stars == 0 || isPattern && stars == 1 && text.hasSuffix("*")
        else {
            self.expected(isPattern ? "\(what), with a * at its end only" : what, problems)
            return nil
        }
        return text
    }

    func method(_ problems: Problems) -> HTTPMethod? {
        guard let text = self.text(problems, "a method such as GET") else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy(\.isTokenCharacter) else {
            self.expected("a method such as GET", problems)
            return nil
        }
        guard text == text.uppercased() else {
            let hint = "; did you mean \(text.uppercased().quotedForMessage)?"
            problems.error(
                "methods are written in capitals\(self.scalar?.isFromVariable == true ? "" : hint)",
                at: self
            )
            return nil
        }
        return HTTPMethod(rawValue: text)
    }

    /// The name of a field (RFC 9110, 5.1).
    func fieldName(_ problems: Problems) -> String? {
        guard let text = self.text(problems, "the name of a header") else { return nil }
        guard text.isToken else {
            self.expected("the name of a header: letters, digits and -", problems)
            return nil
        }
        return text
    }

    /// The value of a field, which may not end its line (RFC 9110, 5.5).
    func fieldValue(_ problems: Problems) -> String? {
        guard let text = self.text(problems, "the value of a header") else { return nil }
        guard text.isFieldValue else {
            problems.error("the value of a header has no line breaks, control characters or spaces around it", at: self)
            return nil
        }
        return text
    }

    /// The name of a parameter in a query.
    func parameterName(_ problems: Problems) -> String? {
        guard let text = self.text(problems, "the name of a query parameter") else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy({ $0.isTokenCharacter && $0 != UInt8(ascii: "&") }) else {
            self.expected("the name of a query parameter", problems)
            return nil
        }
        return text
    }

    /// `4xx`, `404`, `500-504`, and `!429` where `canTakeBack`.
    func statusEntry(canTakeBack: Bool, _ problems: Problems) -> String? {
        let what = "a status such as 404, 4xx or 500-504" + (canTakeBack ? ", with ! in front to take it back" : "")
        guard let text = self.text(problems, what) else { return nil }
        guard StatusSet([text]) != nil, canTakeBack || !text.hasPrefix("!") else {
            self.expected(what, problems)
            return nil
        }
        return text
    }

    /// An RFC 6901 pointer.
    func jsonPointer(_ problems: Problems) -> String? {
        let what = "a JSON pointer such as /result/name"
        guard let text = self.text(problems, what) else { return nil }
        // Section 3: a ~ stands only before 0 or 1.
        let escapes = text.split(separator: "~", omittingEmptySubsequences: false).dropFirst()
        guard text.isEmpty || text.hasPrefix("/"), escapes.allSatisfy({ $0.hasPrefix("0") || $0.hasPrefix("1") }) else {
            self.expected(what, problems)
            return nil
        }
        return text
    }
}

extension String {
    var isToken: Bool { !self.isEmpty && self.utf8.allSatisfy(\.isTokenCharacter) }

    var isFieldValue: Bool {
        self.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
            && self.first != " " && self.first != "\t" && self.last != " " && self.last != "\t"
    }
}
