// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyEngine

extension LocalRequest {
    /// What a request says by name: in its query, and as a form or as JSON in its content.
    ///
    /// - Throws: 400 with the reason, when the content is neither.
    func members() throws(ProxyError) -> [(name: String, value: String)] {
        let query = Self.form(self.query ?? "")
        return query + (try self.contentMembers())
    }

    /// Each name at most once, and none beside those.
    func members(among names: [String]) throws(ProxyError) -> [String: String] {
        var members: [String: String] = [:]
        for (name, value) in try self.members() {
            guard names.contains(name) else {
                throw ProxyError(.badRequest, "only \(names.enumerated) can be given")
            }
            guard members.updateValue(value, forKey: name) == nil else {
                throw ProxyError(.badRequest, "\(name) is given twice")
            }
        }
        return members
    }

    private func contentMembers() throws(ProxyError) -> [(name: String, value: String)] {
        guard self.body.readableBytes > 0 else { return [] }
        let type = self.head.fields["content-type"]?.prefix { $0 != ";" }.trimmingOptionalWhitespace() ?? ""
        if type.equalsIgnoringCase("application/x-www-form-urlencoded") {
            return Self.form(String(buffer: self.body))
        }
        guard type.equalsIgnoringCase("application/json"),
            let json = try? JSON(parsing: self.body.readableBytesView),
            let members = json.object
        else {
            throw ProxyError(.badRequest, "expected a JSON object or a form, by its Content-Type")
        }
        return try members.map { (member) throws(ProxyError) in
            guard let value = member.value.string else {
                throw ProxyError(.badRequest, "expected text as the value of each member")
            }
            return (member.name, value)
        }
    }

    /// `application/x-www-form-urlencoded` (URL Standard, 5.1).
    private static func form(_ text: String) -> [(name: String, value: String)] {
        text.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (Self.decoded(parts[0]), parts.count > 1 ? Self.decoded(parts[1]) : "")
        }
    }

    private static func decoded(_ text: Substring) -> String {
        String(decoding: PercentEncoding.decode(String(text.map { $0 == "+" ? " " : $0 })), as: UTF8.self)
    }
}

extension [String] {
    /// `state and ttl`, `key, path and tag`.
    fileprivate var enumerated: String {
        guard self.count > 1, let last = self.last else { return self.first ?? "nothing" }
        return "\(self.dropLast().joined(separator: ", ")) and \(last)"
    }
}
