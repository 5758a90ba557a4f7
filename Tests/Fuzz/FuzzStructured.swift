// SPDX-License-Identifier: Apache-2.0

@testable import HTTPCaching

/// Dictionaries of structured fields, beside a model of another kind: their grammar as one expression.
func fuzzStructured(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let members = StructuredDictionary.members(of: text)
    // The model takes its time.
    if bytes.count <= 256 {
        let isMatch = text.wholeMatch(of: StructuredGrammar.dictionary) != nil
        require(members == nil || isMatch, "what is no dictionary is taken for one")
        // Whether octets behind `%` are UTF-8 is no matter of grammar.
        let mayBeBroken = text.contains("%8") || "9abcdef".contains { text.contains("%\($0)") }
        require(members != nil || !isMatch || mayBeBroken, "a dictionary is taken for none")
    }
    let written = StructuredString(text).description
    require(
        StructuredDictionary.members(of: "a=\(written)")?.first?.value
            == .text(String(text.unicodeScalars.map { 0x20...0x7E ~= $0.value ? Character($0) : "?" })),
        "a string is read otherwise when it is written"
    )
    guard let members else { return }
    require(Set(members.map(\.name)).count == members.count, "two members have one name")
    require(members.count <= bytes.count, "there are more members than octets")
    // What can be written anew says the same then, and members of other names change nothing.
    let known = members.filter { $0.value != .other }
    let anew = known.map { "\($0.name)=\($0.value.written)" }.joined(separator: " ,\t")
    require(StructuredDictionary.members(of: anew) == known, "a dictionary is read otherwise when it is written anew")
    require(StructuredDictionary.members(of: "\(text),") == nil, "a member may be missing behind a comma")
}

extension StructuredDictionary.Value {
    fileprivate var written: String {
        switch self {
        case .integer(let number): "\(number)"
        case .boolean(let isTrue): isTrue ? "?1" : "?0"
        case .text(let text): StructuredString(text).description
        case .other: "1.0"
        }
    }
}

/// RFC 9651, 4.2, from its last rule to its first.
private enum StructuredGrammar {
    private static let key = #"[a-z*][a-z0-9_\-.*]*"#
    private static let string = #""(?:[ !#-\[\]-~]|\\["\\])*""#
    private static let display = #"%"(?:[ !#$&-~]|%[0-9a-f]{2})*""#
    private static let number = #"-?(?:[0-9]{1,15}|[0-9]{1,12}\.[0-9]{1,3})"#
    private static let token = #"[A-Za-z*][A-Za-z0-9!#$%&'*+\-.^_`|~:\/]*"#
    private static let item =
        "(?:\(Self.number)|\(Self.string)|\(Self.token)|:[A-Za-z0-9+\\/=]*:|\\?[01]|@-?[0-9]{1,15}|\(Self.display))"
    private static let parameters = "(?:; *\(Self.key)(?:=\(Self.item))?)*"
    private static let list = #"\( *(?:\#(Self.item)\#(Self.parameters)(?: +\#(Self.item)\#(Self.parameters))*)? *\)"#
    private static let member = "\(Self.key)(?:=(?:\(Self.list)|\(Self.item)))?\(Self.parameters)"
    nonisolated(unsafe) static let dictionary: Regex<AnyRegexOutput> = {
        let text = " *(?:\(Self.member)(?:[ \\t]*,[ \\t]*\(Self.member))*[ \\t]*)?"
        do {
            return try Regex(text).matchingSemantics(.unicodeScalar)
        } catch {
            require(false, "the grammar is wrong: \(error)")
            return Regex(verbatim: "")
        }
    }()
}
