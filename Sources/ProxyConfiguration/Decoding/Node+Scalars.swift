// SPDX-License-Identifier: Apache-2.0

/// Values of one line. Each function reports what is wrong and returns nil then.
extension Node {
    func text(_ problems: Problems, _ what: String = "text") -> String? {
        guard let scalar, !self.isNull else {
            self.expected(what, problems)
            return nil
        }
        return scalar.isBroken ? nil : scalar.text
    }

    func int(in range: ClosedRange<Int>, _ problems: Problems) -> Int? {
        guard let text = self.scalar?.text, let value = Int(text), range.contains(value) else {
            self.expected("a whole number in \(range.lowerBound)...\(range.upperBound)", problems)
            return nil
        }
        return value
    }

    func number(in range: ClosedRange<Double>, _ problems: Problems) -> Double? {
        guard let text = self.scalar?.text, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 || $0 == 0x2E }),
            let value = Double(text), range.contains(value)
        else {
            self.expected("a number in \(Int(range.lowerBound))...\(Int(range.upperBound))", problems)
            return nil
        }
        return value
    }

    func bool(_ problems: Problems) -> Bool? {
        switch self.scalar?.text {
        case "true": return true
        case "false": return false
        default:
            self.expected("true or false", problems)
            return nil
        }
    }

    /// One of the words of a vocabulary.
    func choice<Choice: CaseIterable & RawRepresentable<String>>(
        _ type: Choice.Type = Choice.self,
        _ problems: Problems
    ) -> Choice? {
        if let text = self.scalar?.text, let choice = Choice(rawValue: text) { return choice }
        let words = Choice.allCases.map(\.rawValue)
        let hint = self.scalar.map { EditDistance.hint(for: $0.text, among: words) } ?? ""
        if self.scalar?.isBroken != true {
            problems.error("expected \(words.alternatives), found \(self.shown)\(hint)", at: self)
        }
        return nil
    }

    func duration(in range: ClosedRange<Duration>, _ problems: Problems) -> Duration? {
        let example = "a duration in \(Quantity.text(range.lowerBound))...\(Quantity.text(range.upperBound))"
        guard let text = self.text(problems, example) else { return nil }
        switch Quantity.duration(text) {
        case .value(let duration) where range.contains(duration): return duration
        case .value: self.expected(example, problems)
        case .withoutUnit: problems.error(self.unitMissing("24s, 24m or 24h", like: text), at: self)
        case .invalid: self.expected("a duration such as 250ms, 30s, 5m, 24h or 7d", problems)
        }
        return nil
    }

    /// A whole number of hundredths, from 1 to 100: `30%`.
    func percent(_ problems: Problems) -> Int? {
        let example = "a part such as 30%, from 1% to 100%"
        guard let text = self.text(problems, example) else { return nil }
        guard text.hasSuffix("%"), let value = Int(text.dropLast()), 1...100 ~= value else {
            self.expected(example, problems)
            return nil
        }
        return value
    }

    func size(in range: ClosedRange<Int>, _ problems: Problems) -> Int? {
        let example = "a size in \(Quantity.text(range.lowerBound))...\(Quantity.text(range.upperBound))"
        guard let text = self.text(problems, example) else { return nil }
        switch Quantity.size(text) {
        case .value(let size) where range.contains(size): return size
        case .value: self.expected(example, problems)
        case .withoutUnit: problems.error(self.unitMissing("24B, 24KiB or 24MiB", like: text), at: self)
        case .invalid: self.expected("a size such as 500B, 64KiB, 10MiB, 1GiB or 10MB", problems)
        }
        return nil
    }

    /// `needs a unit: 24s, 24m or 24h?`
    private func unitMissing(_ examples: String, like text: String) -> String {
        let isShowable = self.scalar?.isFromVariable == false
        return "needs a unit: \(isShowable ? examples.replacing("24", with: text) : examples)?"
    }
}

extension [String] {
    /// `a, b or c`
    var alternatives: String {
        guard let last else { return "nothing" }
        return self.count == 1 ? last : self.dropLast().joined(separator: ", ") + " or " + last
    }
}
