// SPDX-License-Identifier: Apache-2.0

/// A JSON value (RFC 8259) as it was written: numbers keep their spelling, objects keep the order of their members and
/// every duplicate.
///
/// A number as text survives a proxy unchanged, which a `Double` would not let it do.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// The text of a number by the grammar of RFC 8259, 6.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Sendable, Equatable {
        package var name: String
        package var value: JSON

        package init(name: String, value: JSON) {
            self.name = name
            self.value = value
        }
    }

    package static func int(_ value: Int) -> JSON { .number(String(value)) }

    /// The shortest text that reads back as the same value; `null` for what is not finite, since JSON has no word for it.
    package static func double(_ value: Double) -> JSON { value.isFinite ? .number(value.description) : .null }
}

// MARK: Reading

extension JSON {
    package var bool: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    package var string: String? {
        if case .string(let value) = self { value } else { nil }
    }

    /// The nearest value to a number; nil for one that is beyond the range of a `Double`.
    package var double: Double? {
        guard case .number(let text) = self, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    package var array: [JSON]? {
        if case .array(let values) = self { values } else { nil }
    }

    package var object: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// The value of an object's first member of this name, octet by octet: `String` would also take another
    /// normalisation form for the same name.
    package subscript(name: String) -> JSON? {
        self.object?.first { $0.name.utf8.elementsEqual(name.utf8) }?.value
    }

    /// The value that a JSON pointer (RFC 6901) leads to; "" is the whole. Nil where there is none, and for text that is
    /// no pointer.
    package subscript(pointer pointer: String) -> JSON? {
        guard !pointer.isEmpty else { return self }
        let tokens = pointer.split(separator: "/", omittingEmptySubsequences: false)
        guard tokens.first == "" else { return nil }
        var value = self
        for token in tokens.dropFirst() {
            guard let next = value.child(token) else { return nil }
            value = next
        }
        return value
    }

    private func child(_ token: Substring) -> JSON? {
        switch self {
        case .object:
            return Self.unescape(token).flatMap { self[$0] }
        case .array(let values):
            // RFC 6901, 4: digits without a leading zero; "-" is the element after the last, which there is not.
            guard token.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), token == "0" || !token.hasPrefix("0"),
                let index = Int(token), values.indices.contains(index)
            else { return nil }
            return values[index]
        default:
            return nil
        }
    }

    /// `~1` is a slash and `~0` a tilde (RFC 6901, 3).
    private static func unescape(_ token: Substring) -> String? {
        guard token.utf8.contains(0x7E) else { return String(token) }
        var name: [UInt8] = []
        var rest = token.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == 0x7E else {
                name.append(byte)
                continue
            }
            switch rest.popFirst() {
            case 0x30: name.append(0x7E)
            case 0x31: name.append(0x2F)
            default: return nil
            }
        }
        return String(decoding: name, as: UTF8.self)
    }
}

// MARK: Writing in code

extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(integerLiteral value: Int) { self = .int(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member(name: $0.0, value: $0.1) })
    }
}
