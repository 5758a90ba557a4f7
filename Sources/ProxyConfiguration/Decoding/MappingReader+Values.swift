// SPDX-License-Identifier: Apache-2.0

/// Values by key. A key that is absent, or whose value is no good, gives the fallback.
extension MappingReader {
    mutating func text(_ key: String) -> String? {
        self.value(key)?.text(self.problems)
    }

    mutating func int(_ key: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        self.value(key)?.int(in: range, self.problems) ?? fallback
    }

    mutating func bool(_ key: String, default fallback: Bool) -> Bool {
        self.value(key)?.bool(self.problems) ?? fallback
    }

    mutating func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ key: String,
        default fallback: Choice
    ) -> Choice {
        self.value(key)?.choice(Choice.self, self.problems) ?? fallback
    }

    mutating func duration(_ key: String, in range: ClosedRange<Duration>, default fallback: Duration) -> Duration {
        self.value(key)?.duration(in: range, self.problems) ?? fallback
    }

    mutating func size(_ key: String, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        self.value(key)?.size(in: range, self.problems) ?? fallback
    }

    mutating func texts(_ key: String) -> [String]? {
        self.list(key).map { elements in elements.compactMap { $0.text(self.problems) } }
    }

    /// A list, each element read by a function that reports what is wrong with it.
    mutating func elements<Element>(_ key: String, _ read: (Node, Problems) -> Element?) -> [Element]? {
        self.list(key).map { elements in elements.compactMap { read($0, self.problems) } }
    }

    /// Reports that a key is missing which has no default.
    func missing(_ key: String, _ why: String) {
        // What is no mapping at all was reported as such.
        if self.node.entries != nil { self.problems.error("\(key) is missing: \(why)", at: self.node) }
    }
}
