// SPDX-License-Identifier: Apache-2.0

extension HeaderFields {
    /// Whether every value is UTF-8, so that a `String` has its octets as they are. HTTP allows for others (RFC 9110, 5.5).
    package var areUTF8: Bool {
        var areUTF8 = true
        self.forEachOctets { _, value in areUTF8 = areUTF8 && value.isUTF8 }
        return areUTF8
    }

    /// Without those whose values are not.
    package var onlyUTF8: HeaderFields {
        guard !self.areUTF8 else { return self }
        var fields = HeaderFields()
        self.forEachOctets { name, value in
            if value.isUTF8 { fields.add(name: name, value: value) }
        }
        return fields
    }
}

extension UnsafeRawBufferPointer {
    fileprivate var isUTF8: Bool {
        self.reduce(0, |) < 0x80 || String(validating: self, as: UTF8.self) != nil
    }
}

extension String.UTF8View {
    /// Whether something stands here for octets that are no UTF-8, or for itself: which of the two cannot be told.
    package var hasReplacement: Bool {
        self.contains(0xEF) && String(self).unicodeScalars.contains("\u{FFFD}")
    }
}
