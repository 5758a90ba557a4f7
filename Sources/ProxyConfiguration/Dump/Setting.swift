// SPDX-License-Identifier: Apache-2.0

/// A configuration as the file would write it: the common ground of showing it and of telling what changed.
enum Setting: Equatable {
    case text(String)
    /// Compared, and never shown.
    case secret(String)
    /// Shown by its name, compared by its content too.
    case file(String, contentHash: Int)
    case list([Setting])
    case mapping([Member])

    struct Member: Equatable {
        var name: String
        var value: Setting
    }

    /// Members in the order in which the reference file has them; those without a value are left out.
    static func mapping(_ members: KeyValuePairs<String, Setting?>) -> Setting {
        .mapping(members.compactMap { name, value in value.map { Member(name: name, value: $0) } })
    }

    static func texts(_ texts: some Sequence<String>) -> Setting { .list(texts.map { .text($0) }) }

    /// A set has no order, so it is written in one that never changes.
    static func sorted(_ texts: some Sequence<String>) -> Setting { .texts(texts.sorted()) }

    static func sorted(_ numbers: some Sequence<Int>) -> Setting { .texts(numbers.sorted().map(String.init)) }

    static func int(_ value: Int) -> Setting { .text(String(value)) }
    static func bool(_ value: Bool) -> Setting { .text(value ? "true" : "false") }
    static func duration(_ value: Duration) -> Setting { .text(Quantity.text(value)) }
    static func size(_ value: Int) -> Setting { .text(Quantity.text(value)) }

    /// Hidden where the name says that it is likely a secret.
    static func text(_ value: String, named name: String, secret: Set<String> = []) -> Setting {
        SecretText.isSecretName(name) || secret.contains(name.lowercased()) ? .secret(value) : .text(value)
    }

    subscript(name: String) -> Setting? {
        guard case .mapping(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }
}
