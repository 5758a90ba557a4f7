// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

extension CacheControl {
    /// The fields for this cache, the most specific first (RFC 9213, 2.2).
    private static let targets = ["windbreak-cache-control", "cdn-cache-control"]

    /// What an answer says to this cache.
    package init(ofResponse fields: HeaderFields) { self = CacheControl(targetedIn: fields) ?? CacheControl(fields) }

    /// The first targeted field that is well-formed and not empty; then `Cache-Control` and `Expires` do not count
    /// (RFC 9213, 2.1 and 2.2).
    init?(targetedIn fields: HeaderFields) {
        for name in Self.targets where fields.contains(name) {
            let text = fields.values(of: name).joined(separator: ",")
            guard let members = StructuredDictionary.members(of: text), !members.isEmpty else { continue }
            self.init()
            for member in members { self.apply(member) }
            return
        }
        return nil
    }

    /// RFC 9213, 2.1: a value of the wrong type makes its directive as if it were absent.
    private mutating func apply(_ member: StructuredDictionary.Member) {
        switch (member.name, member.value) {
        case ("max-age", .integer(let seconds)), ("s-maxage", .integer(let seconds)),
            ("stale-if-error", .integer(let seconds)), ("stale-while-revalidate", .integer(let seconds)):
            self.apply(member.name, String(seconds))
        case ("max-age", _), ("s-maxage", _), ("stale-if-error", _), ("stale-while-revalidate", _):
            break
        case (_, .boolean(false)):
            break
        case (_, .boolean(true)):
            self.apply(member.name, nil)
        case (_, .text(let text)) where member.name == "no-cache" || member.name == "private":
            self.apply(member.name, text)
        default:
            break
        }
    }
}
