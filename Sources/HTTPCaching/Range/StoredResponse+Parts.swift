// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
import NIOCore

/// Parts of representations, which are kept beside each other and put together where they meet.
extension StoredResponse {
    /// What it holds of the representation, where that is not all.
    package var part: ContentRange? { self.status == 206 ? ContentRange(self.fields) : nil }

    /// Whether it has all that is asked for: a part answers only who asks for some of it, or for the rest of what he has
    /// (RFC 9111, 3.3; RFC 9110, 13.1.5).
    ///
    /// - Parameter range: The value of `Range`.
    package func holds(_ range: String?, for request: HeaderFields) -> Bool {
        guard self.status == 206 else { return true }
        guard let range, self.part?.wanted(range) != nil else { return false }
        return ByteRanges.areWanted(by: request, of: self.fields)
    }

    /// What to ask for so that it becomes whole (RFC 9111, 3.4); nil where it is no beginning, or where nobody could tell
    /// whether the rest is of the same representation.
    package var missing: HeaderFields? {
        guard let part = self.part, part.range.lowerBound == 0, let length = part.length, !part.isWhole,
            part.range.upperBound < length, let tag = self.strongTag
        else { return nil }
        var fields: HeaderFields = ["Range": "bytes=\(part.range.upperBound)-"]
        fields.add("If-Range", octets: tag)
        return fields
    }

    /// The head of the whole, if this 206 is the rest of it.
    package func completedHead(by rest: ResponseHead) -> ResponseHead? {
        guard rest.status == 206, let part = self.part, let other = ContentRange(rest.fields), let length = part.length,
            other.length == length, other.range == part.range.upperBound..<length, let tag = self.strongTag,
            rest.fields.octets(of: "etag") == tag
        else { return nil }
        var head = rest
        head.status = 200
        head.reason = "OK"
        head.fields = Validation.merged(self.fields, with: rest.fields)
        head.fields.remove("content-range")
        return head
    }

    private var strongTag: [UInt8]? {
        guard let tag = EntityTag(of: self.fields), !tag.isWeak else { return nil }
        return tag.opaque
    }

    /// Whether there is nothing left to keep it for beside a newer one of the same key.
    func isReplaced(by newer: StoredResponse) -> Bool {
        guard self.variant == newer.variant || self.variant.selecting == newer.variant.selecting else { return false }
        // The newer is of another state of the resource, or all of it.
        guard newer.status == 206, self.entityTag == newer.entityTag else { return true }
        guard let part = self.part, let other = newer.part else { return self.status == 206 }
        return other.holds(part.range)
    }

    /// Together with the stored parts of the same representation that it meets (RFC 9111, 3.4): a larger part, or all. A
    /// part that is all by itself is the whole answer (RFC 9110, 15.3.7.3).
    ///
    /// - Parameter limit: Octets that there may be.
    package func combined(with others: Variants, upTo limit: Int) -> StoredResponse {
        guard let own = self.part, own.isWhole || self.strongTag != nil else { return self }
        var (part, content, fields) = (own, self.content, self.fields)
        let variant = self.variant.selecting
        var candidates = others.filter { $0.variant.selecting == variant && $0.entityTag == self.entityTag }
        while let index = candidates.firstIndex(where: { part.joined(with: $0.part, upTo: limit) != nil }) {
            let other = candidates.remove(at: index)
            guard let theirs = other.part, let both = part.joined(with: theirs, upTo: limit) else { continue }
            let (lower, upper) = (both.range.lowerBound, both.range.upperBound)
            var joined = ByteBuffer()
            joined.reserveCapacity(upper - lower)
            joined.writeImmutableBuffer(other.content.slice(0..<part.range.lowerBound - lower))
            joined.writeImmutableBuffer(content)
            joined.writeImmutableBuffer(
                other.content.slice(part.range.upperBound - theirs.range.lowerBound..<upper - theirs.range.lowerBound)
            )
            guard joined.readableBytes == upper - lower else { continue }
            (part, content) = (both, joined)
            // Who asks with If-Range is told no more than he needs (RFC 9110, 15.3.7).
            fields = Validation.merged(other.fields, with: fields)
        }
        guard part != own || own.isWhole else { return self }
        var head = ResponseHead(
            part.isWhole ? 200 : 206,
            reason: part.isWhole ? "OK" : self.reason,
            fields: fields
        )
        if part.isWhole {
            head.fields.remove("content-range")
        } else {
            head.fields.set("Content-Range", part.description)
        }
        return StoredResponse(
            head,
            content: content,
            variant: part.isWhole ? variant : variant.holding(part),
            reuse: self.reuse,
            storedAt: self.storedAt,
            initialAge: self.initialAge,
            retainedUntil: self.retainedUntil
        )
    }
}

extension StorageTerms {
    /// Whether what is to be kept is a part that will be joined with one of these.
    package func areOfPart(of others: Variants, upTo limit: Int) -> Bool {
        guard let part = ContentRange(self.head.fields), let tag = EntityTag(of: self.head.fields), !tag.isWeak else {
            return false
        }
        return others.contains {
            $0.variant.selecting == self.variant.selecting && $0.entityTag == tag.opaque
                && part.joined(with: $0.part, upTo: limit) != nil
        }
    }
}

extension ByteBuffer {
    /// Nothing where the range is empty or beyond the content.
    fileprivate func slice(_ range: Range<Int>) -> ByteBuffer {
        self.getSlice(at: self.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
