// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// Dictionaries (RFC 9651, 4.2.2), with as much of their values as directives need: integers, Booleans and text. What else
/// there is has to be well-formed, since a field with one bad member is no dictionary.
enum StructuredDictionary {
    enum Value: Hashable {
        case integer(Int)
        case boolean(Bool)
        case text(String)
        /// A decimal, a list, octets, a date.
        case other
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
                guard let given = rest.first == 0x28 ? Self.takeList(&rest) : Self.takeItem(&rest) else { return nil }
                value = given
            }
            guard Self.skipParameters(&rest) else { return nil }
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

    private static func skipParameters(_ rest: inout Substring.UTF8View) -> Bool {
        while rest.first == 0x3B {
            rest = rest.dropFirst()
            rest.skip(while: { $0 == 0x20 })
            guard Self.takeKey(&rest) != nil else { return false }
            guard rest.first == 0x3D else { continue }
            rest = rest.dropFirst()
            guard Self.takeItem(&rest) != nil else { return false }
        }
        return true
    }

    /// `(a b;q=1)` (RFC 9651, 4.2.1.2).
    private static func takeList(_ rest: inout Substring.UTF8View) -> Value? {
        rest = rest.dropFirst()
        while true {
            rest.skip(while: { $0 == 0x20 })
            if rest.first == 0x29 {
                rest = rest.dropFirst()
                return .other
            }
            guard Self.takeItem(&rest) != nil, Self.skipParameters(&rest), rest.first == 0x20 || rest.first == 0x29
            else { return nil }
        }
    }

    /// A value without its parameters (RFC 9651, 4.2.3.1).
    private static func takeItem(_ rest: inout Substring.UTF8View) -> Value? {
        switch rest.first {
        case 0x3F?:
            let digit = rest.dropFirst().first
            rest = rest.dropFirst(2)
            return digit == 0x31 ? .boolean(true) : digit == 0x30 ? .boolean(false) : nil
        case 0x22?:
            return Self.takeString(&rest)
        case 0x25?:
            rest = rest.dropFirst()
            return Self.takeDisplayString(&rest)
        case 0x3A?:
            let octets = rest.dropFirst().prefix { $0.isBase64 }
            rest = rest[octets.endIndex...]
            return rest.popFirst() == 0x3A ? .other : nil
        case 0x40?:
            rest = rest.dropFirst()
            guard case .integer? = Self.takeNumber(&rest) else { return nil }
            return .other
        case let first? where 0x30...0x39 ~= first || first == 0x2D:
            return Self.takeNumber(&rest)
        case let first? where first == 0x2A || 0x41...0x5A ~= first || 0x61...0x7A ~= first:
            let token = rest.prefix { $0.isTokenCharacter || $0 == 0x3A || $0 == 0x2F }
            rest = rest[token.endIndex...]
            return .text(String(Substring(token)))
        default:
            return nil
        }
    }

    /// RFC 9651, 4.2.5.
    private static func takeString(_ rest: inout Substring.UTF8View) -> Value? {
        var octets: [UInt8] = []
        rest = rest.dropFirst()
        while let octet = rest.popFirst() {
            switch octet {
            case 0x22:
                return .text(String(decoding: octets, as: UTF8.self))
            case 0x5C:
                guard let escaped = rest.popFirst(), escaped == 0x22 || escaped == 0x5C else { return nil }
                octets.append(escaped)
            case 0x20...0x7E:
                octets.append(octet)
            default:
                return nil
            }
        }
        return nil
    }

    /// Any text, its octets beyond ASCII behind `%` (RFC 9651, 4.2.10).
    private static func takeDisplayString(_ rest: inout Substring.UTF8View) -> Value? {
        var octets: [UInt8] = []
        guard rest.popFirst() == 0x22 else { return nil }
        while let octet = rest.popFirst() {
            switch octet {
            case 0x22:
                return String(validating: octets, as: UTF8.self).map { _ in .other }
            case 0x25:
                let digits = rest.prefix(2)
                guard digits.count == 2, digits.allSatisfy({ 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }),
                    let value = UInt8(Substring(digits), radix: 16)
                else { return nil }
                rest = rest[digits.endIndex...]
                octets.append(value)
            case 0x20...0x7E:
                octets.append(octet)
            default:
                return nil
            }
        }
        return nil
    }

    /// At most 15 digits, or 12 and 3 behind a point (RFC 9651, 4.2.4).
    private static func takeNumber(_ rest: inout Substring.UTF8View) -> Value? {
        let isNegative = rest.first == 0x2D
        if isNegative { rest = rest.dropFirst() }
        let whole = rest.prefix { 0x30...0x39 ~= $0 }
        rest = rest[whole.endIndex...]
        guard 1...15 ~= whole.count else { return nil }
        guard rest.first == 0x2E else {
            return Int(Substring(whole)).map { .integer(isNegative ? -$0 : $0) }
        }
        rest = rest.dropFirst()
        let fraction = rest.prefix { 0x30...0x39 ~= $0 }
        rest = rest[fraction.endIndex...]
        return whole.count <= 12 && 1...3 ~= fraction.count ? .other : nil
    }
}

extension UInt8 {
    fileprivate var isBase64: Bool {
        0x30...0x39 ~= self || 0x41...0x5A ~= self || 0x61...0x7A ~= self || self == 0x2B || self == 0x2F
            || self == 0x3D
    }
}

extension Substring.UTF8View {
    fileprivate mutating func skip(while isSkipped: (UInt8) -> Bool) { self = self.drop(while: isSkipped) }
}
