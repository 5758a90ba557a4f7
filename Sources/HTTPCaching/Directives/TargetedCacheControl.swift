// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

extension CacheControl {
    /// The fields for this cache, the most specific first (RFC 9213, 2.2).
    private static let targets = ["windbreak-cache-control", "cdn-cache-control"]

    /// The first targeted field that is well-formed and not empty; then `Cache-Control` and `Expires` do not count
    /// (RFC 9213, 2.1 and 2.2).
    init?(targetedIn fields: HeaderFields) {
        for name in Self.targets where fields.contains(name) {
            let text = fields.values(of: name).joined(separator: ",")
            guard let members = StructuredDictionary.members(of: text), !members.isEmpty else { continue }
            self.init()
            for member in members { self.apply(member) }
            return
        }
        return nil
    }

    /// RFC 9213, 2.1: a value of the wrong type makes its directive as if it were absent.
    private mutating func apply(_ member: StructuredDictionary.Member) {
        switch (member.name, member.value) {
        case ("max-age", .integer(let seconds)), ("s-maxage", .integer(let seconds)),
            ("stale-if-error", .integer(let seconds)), ("stale-while-revalidate", .integer(let seconds)):
            self.apply(member.name, String(seconds))
        case ("max-age", _), ("s-maxage", _), ("stale-if-error", _), ("stale-while-revalidate", _):
            break
        case (_, .boolean(false)):
            break
        case (_, .boolean(true)):
            self.apply(member.name, nil)
        case (_, .text(let text)) where member.name == "no-cache" || member.name == "private":
            self.apply(member.name, text)
        default:
            break
        }
    }
}

/// As much of dictionaries (RFC 9651, 4.2.2) as directives need: members with integers, Booleans and text.
enum StructuredDictionary {
    enum Value: Hashable {
        case integer(Int)
        case boolean(Bool)
        case text(String)
    }

    struct Member: Hashable {
        var name: String
        var value: Value
    }

    /// Nil for what is no dictionary. The last of several members of one name counts.
    static func members(of text: String) -> [Member]? {
        var members: [Member] = []
        var rest = text[...].utf8
        rest.skip(while: { $0 == 0x20 })
        while !rest.isEmpty {
            guard let name = Self.takeKey(&rest) else { return nil }
            var value = Value.boolean(true)
            if rest.first == 0x3D {
                rest = rest.dropFirst()
                guard let given = Self.takeValue(&rest) else { return nil }
                value = given
            }
            while rest.first == 0x3B {
                rest = rest.dropFirst()
                rest.skip(while: { $0 == 0x20 })
                guard Self.takeKey(&rest) != nil else { return nil }
                if rest.first == 0x3D {
                    rest = rest.dropFirst()
                    guard Self.takeValue(&rest) != nil else { return nil }
                }
            }
            members.removeAll { $0.name == name }
            members.append(Member(name: name, value: value))
            rest.skip(while: { $0 == 0x20 || $0 == 0x09 })
            guard let comma = rest.popFirst() else { return members }
            rest.skip(while: { $0 == 0x20 || $0 == 0x09 })
            guard comma == 0x2C, !rest.isEmpty else { return nil }
        }
        return members
    }

    private static func takeKey(_ rest: inout Substring.UTF8View) -> String? {
        guard let first = rest.first, 0x61...0x7A ~= first || first == 0x2A else { return nil }
        let key = rest.prefix {
            0x61...0x7A ~= $0 || 0x30...0x39 ~= $0 || $0 == 0x5F || $0 == 0x2D || $0 == 0x2E || $0 == 0x2A
        }
        rest = rest[key.endIndex...]
        return String(Substring(key))
    }

    private static func takeValue(_ rest: inout Substring.UTF8View) -> Value? {
        switch rest.first {
        case 0x3F:
            let digit = rest.dropFirst().first
            rest = rest.dropFirst(2)
            return digit == 0x31 ? .boolean(true) : digit == 0x30 ? .boolean(false) : nil
        case 0x22:
            let text = rest.dropFirst().prefix { $0 != 0x22 && $0 != 0x5C }
            rest = rest[text.endIndex...]
            return rest.popFirst() == 0x22 ? .text(String(Substring(text))) : nil
        default:
            let word = rest.prefix { $0.isTokenCharacter || $0 == 0x3A || $0 == 0x2F }
            rest = rest[word.endIndex...]
            guard let first = word.first else { return nil }
            let text = String(Substring(word))
            guard 0x30...0x39 ~= first || first == 0x2D else { return .text(text) }
            guard text.utf8.count <= 16, let number = Double(text) else { return nil }
            return Int(text).map { .integer($0) } ?? .text(String(number))
        }
    }
}

extension Substring.UTF8View {
    fileprivate mutating func skip(while isSkipped: (UInt8) -> Bool) { self = self.drop(while: isSkipped) }
}
