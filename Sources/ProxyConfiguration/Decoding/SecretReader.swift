// SPDX-License-Identifier: Apache-2.0

/// Reads a secret from the file, a variable or, as `file:/path`, from a file of its own. Messages never show it.
struct SecretReader {
    /// A key is short; whoever names a larger file named the wrong one.
    private static let limit = 64 << 10

    let problems: Problems

    /// Nil if it is empty, which means that the caller's own credential passes through.
    func secret(_ node: Node) -> Secret? {
        guard let scalar = node.scalar else {
            node.expected("text", self.problems)
            return nil
        }
        guard !scalar.isBroken else { return nil }
        guard let text = scalar.text.hasPrefix("file:") ? self.content(of: scalar, at: node) : scalar.text else {
            return nil
        }
        guard text.isFieldValue else {
            self.problems.error("has a line break, a control character or spaces around it", at: node)
            return nil
        }
        return text.isEmpty ? nil : Secret(text)
    }

    private func content(of scalar: Node.Scalar, at node: Node) -> String? {
        let written = String(scalar.text.dropFirst("file:".count))
        let path = node.location.source.resolve(written)
        let shown = scalar.isFromVariable ? "the file" : written.shownForMessage(atMost: 200)
        do throws(BoundedFile.Failure) {
            var bytes = try BoundedFile.read(path, atMost: Self.limit)
            while bytes.last == 0x0A || bytes.last == 0x0D { bytes.removeLast() }
            guard let text = String(validating: bytes, as: UTF8.self) else {
                self.problems.error("\(shown) is not UTF-8 text", at: node)
                return nil
            }
            return text
        } catch {
            switch error {
            case .unreadable(let reason): self.problems.error("cannot read \(shown): \(reason)", at: node)
            case .tooLarge: self.problems.error("\(shown) is larger than 64KiB, which no key is", at: node)
            }
            return nil
        }
    }
}
