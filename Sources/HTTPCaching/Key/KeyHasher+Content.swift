// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore

extension KeyHasher {
    /// Adds what a content says, if that is certain, and else its octets: a wrong hit is worse than a miss.
    mutating func add(content: ByteBuffer, _ fields: HeaderFields) {
        self.add(.contentLanguage, of: "content-language", in: fields)
        if let canonical = self.addingCanonical(content, fields) {
            self = canonical
        } else {
            self.add(.contentType, of: "content-type", in: fields)
            self.add(.contentEncoding, of: "content-encoding", in: fields)
            content.withUnsafeReadableBytes { self.add(.rawContent, $0) }
        }
    }

    /// A copy with the content added, since it may turn out only on the way that it is in doubt.
    private func addingCanonical(_ content: ByteBuffer, _ fields: HeaderFields) -> KeyHasher? {
        guard fields.count(of: "content-type") == 1, !fields.contains("content-encoding"),
            let text = fields["content-type"], let type = MediaType(text)
        else { return nil }
        var copy = self
        if type.essence == "multipart/form-data" { return copy.add(form: content, type, text) ? copy : nil }
        if type.isJSON { return copy.add(json: content, text) ? copy : nil }
        return nil
    }

    private mutating func add(form content: ByteBuffer, _ type: MediaType, _ contentType: String) -> Bool {
        guard let form = try? MultipartForm(content: content, contentType: contentType), form.isPlain else {
            return false
        }
        self.add(.form, type.removing(parameter: "boundary").description)
        for part in form.parts {
            var head = ByteBuffer()
            part.fields.write(to: &head)
            head.withUnsafeReadableBytes { self.add(.partHead, $0) }
            part.content.withUnsafeReadableBytes { self.add(.partContent, $0) }
        }
        return true
    }

    private mutating func add(json content: ByteBuffer, _ contentType: String) -> Bool {
        guard let value = try? JSON(parsing: content.readableBytesView) else { return false }
        self.add(.json, contentType)
        return self.add(value)
    }

    /// Adds a value with the members of objects sorted by name; false for one of whose members two have the same name,
    /// since readers differ in which of them counts.
    private mutating func add(_ value: JSON) -> Bool {
        switch value {
        case .null: self.add(.null, count: 0)
        case .bool(let value): self.add(value ? .true : .false, count: 0)
        case .number(let text): self.add(.number, text)
        case .string(let text): self.add(.string, text)
        case .array(let values):
            self.add(.array, count: values.count)
            return values.allSatisfy { self.add($0) }
        case .object(let members):
            self.add(.object, count: members.count)
            let sorted = members.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
            guard zip(sorted, sorted.dropFirst()).allSatisfy({ !$0.name.utf8.elementsEqual($1.name.utf8) }) else {
                return false
            }
            return sorted.allSatisfy { member in
                self.add(.name, member.name)
                return self.add(member.value)
            }
        }
        return true
    }
}

extension MediaType {
    /// JSON in UTF-8, by its own name or as the base of another type (RFC 6839, 3.1).
    fileprivate var isJSON: Bool {
        (self.essence == "application/json" || self.essence.hasSuffix("+json"))
            && (self[parameter: "charset"] ?? "utf-8").equalsIgnoringCase("utf-8")
    }
}
