// SPDX-License-Identifier: Apache-2.0

/// The answers that are kept under one key, the newest first.
///
/// Nearly always there is one, so that it has no list of its own: a hit allocates nothing.
package struct Variants: Sendable {
    private let newest: StoredResponse?
    private let others: [StoredResponse]

    init() {
        self.newest = nil
        self.others = []
    }

    init(_ newest: StoredResponse, before others: [StoredResponse] = []) {
        self.newest = newest
        self.others = others
    }

    package init(_ responses: [StoredResponse]) {
        self.newest = responses.first
        self.others = Array(responses.dropFirst())
    }

    /// With a new answer before the others, in place of the one for the same request fields.
    ///
    /// - Parameter limit: How many there may be; the oldest go.
    func adding(_ response: StoredResponse, limit: Int) -> Variants {
        Variants(
            response,
            before: self.lazy.filter { !$0.isReplaced(by: response) && $0.retainedUntil > response.storedAt }
                .prefix(limit - 1).map(\.self)
        )
    }

    /// The one of them that a request gets if it may have several: one that says what it varies by before one that does
    /// not, and of those the most recent (RFC 9111, 4 and 4.1).
    func best(where isSuitable: (StoredResponse) -> Bool) -> StoredResponse? {
        var best: StoredResponse?
        for response in self where isSuitable(response) {
            guard let other = best else {
                best = response
                continue
            }
            let (varies, otherVaries) = (response.varies, other.varies)
            // Of those that are equally old the first is the one that came last.
            if varies == otherVaries ? response.date > other.date : varies { best = response }
        }
        return best
    }

    /// Without one of them.
    func removing(_ response: StoredResponse) -> Variants { Variants(self.filter { $0 !== response }) }

    /// Memory, in octets.
    var footprint: Int {
        let list = self.others.isEmpty ? 0 : HeapBlock.size(32 + self.others.capacity * MemoryLayout<Int>.size)
        return self.reduce(list) { $0 + $1.footprint }
    }
}

extension Variants: RandomAccessCollection {
    package var startIndex: Int { 0 }
    package var endIndex: Int { self.newest == nil ? 0 : 1 + self.others.count }

    package subscript(position: Int) -> StoredResponse {
        if position == 0, let newest = self.newest { return newest }
        return self.others[position - 1]
    }
}
