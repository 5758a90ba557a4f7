// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOCore

extension JSON {
    var serialized: ByteBuffer {
        var buffer = ByteBuffer()
        self.write(to: &buffer)
        return buffer
    }

    private func write(to buffer: inout ByteBuffer) {
        switch self {
        case .null: buffer.writeString("null")
        case .bool(let value): buffer.writeString(value ? "true" : "false")
        case .int(let number): buffer.writeString(String(number))
        case .double(let number): buffer.writeString(number.isFinite ? String(number) : "null")
        case .string(let text): Self.write(text, to: &buffer)
        case .array(let elements):
            var opening = "["
            for element in elements {
                buffer.writeString(opening)
                element.write(to: &buffer)
                opening = ","
            }
            buffer.writeString(elements.isEmpty ? "[]" : "]")
        case .object(let members):
            var opening = "{"
            for member in members {
                buffer.writeString(opening)
                Self.write(member.name, to: &buffer)
                buffer.writeString(":")
                member.value.write(to: &buffer)
                opening = ","
            }
            buffer.writeString(members.isEmpty ? "{}" : "}")
        }
    }

    private static func write(_ text: String, to buffer: inout ByteBuffer) {
        buffer.writeString("\"")
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": buffer.writeString("\\\(scalar)")
            case "\u{0}"..."\u{1F}":
                let digits = String(scalar.value, radix: 16)
                buffer.writeString("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: buffer.writeString(String(scalar))
            }
        }
        buffer.writeString("\"")
    }

    /// Nil if it is not JSON.
    init?(parsing buffer: ByteBuffer) {
        let data = buffer.withUnsafeReadableBytes { Data($0) }
        guard let value = try? JSONDecoder().decode(JSON.self, from: data) else { return nil }
        self = value
    }
}

extension JSON: Decodable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        if let members = try? decoder.container(keyedBy: Name.self) {
            self = .object(
                try members.allKeys.map { ($0.stringValue, try members.decode(JSON.self, forKey: $0)) }
            )
        } else if var elements = try? decoder.unkeyedContainer() {
            var array: [JSON] = []
            while !elements.isAtEnd { array.append(try elements.decode(JSON.self)) }
            self = .array(array)
        } else {
            let value = try decoder.singleValueContainer()
            if value.decodeNil() {
                self = .null
            } else if let bool = try? value.decode(Bool.self) {
                self = .bool(bool)
            } else if let int = try? value.decode(Int.self) {
                self = .int(int)
            } else if let double = try? value.decode(Double.self) {
                self = .double(double)
            } else {
                self = .string(try value.decode(String.self))
            }
        }
    }
}
