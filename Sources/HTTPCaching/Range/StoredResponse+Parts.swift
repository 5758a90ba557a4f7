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
        return request["if-range"].map { ByteRanges.isCurrent(ifRange: $0, stored: self.fields) } ?? true
    }

    /// What to ask for so that it becomes whole (RFC 9111, 3.4); nil where it is no beginning, or where nobody could tell
    /// whether the rest is of the same representation.
    package var missing: HeaderFields? {
        guard let part = self.part, part.range.lowerBound == 0, let length = part.length, !part.isWhole,
            part.range.upperBound < length, let tag = self.strongTag
        else { return nil }
        return ["Range": "bytes=\(part.range.upperBound)-", "If-Range": tag]
    }

    /// The head of the whole, if this 206 is the rest of it.
    package func completedHead(by rest: ResponseHead) -> ResponseHead? {
        guard rest.status == 206, let part = self.part, let other = ContentRange(rest.fields), let length = part.length,
            other.length == length, other.range == part.range.upperBound..<length, let tag = self.strongTag,
            rest.fields["etag"] == tag
        else { return nil }
        var head = rest
        head.status = 200
        head.reason = "OK"
        head.fields = Validation.merged(self.fields, with: rest.fields)
        head.fields.remove("content-range")
        return head
    }

    private var strongTag: String? {
        guard let tag = self.entityTag.flatMap({ EntityTag($0) }), tag.stronglyMatches(tag) else { return nil }
        return self.entityTag
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
        var (part, content) = (own, self.content)
        let variant = self.variant.selecting
        var candidates = others.filter { $0.variant.selecting == variant && $0.entityTag == self.entityTag }
        while let index = candidates.firstIndex(where: { $0.part.map { part.adjoins($0) } ?? false }) {
            let other = candidates.remove(at: index)
            guard let theirs = other.part, theirs.length == part.length else { continue }
            let lower = min(part.range.lowerBound, theirs.range.lowerBound)
            let upper = max(part.range.upperBound, theirs.range.upperBound)
            guard upper - lower <= limit else { continue }
            var joined = ByteBuffer()
            joined.reserveCapacity(upper - lower)
            joined.writeImmutableBuffer(other.content.slice(0..<part.range.lowerBound - lower))
            joined.writeImmutableBuffer(content)
            joined.writeImmutableBuffer(
                other.content.slice(part.range.upperBound - theirs.range.lowerBound..<upper - theirs.range.lowerBound)
            )
            guard joined.readableBytes == upper - lower else { continue }
            (part, content) = (ContentRange(lower..<upper, of: part.length), joined)
        }
        guard part != own || own.isWhole else { return self }
        var head = ResponseHead(
            part.isWhole ? 200 : 206,
            reason: part.isWhole ? "OK" : self.reason,
            fields: self.fields
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

extension ByteBuffer {
    /// Nothing where the range is empty or beyond the content.
    fileprivate func slice(_ range: Range<Int>) -> ByteBuffer {
        self.getSlice(at: self.readerIndex + range.lowerBound, length: range.count) ?? ByteBuffer()
    }
}
