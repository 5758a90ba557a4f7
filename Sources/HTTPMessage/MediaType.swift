// SPDX-License-Identifier: Apache-2.0

/// What a content is: a type with its parameters, such as `multipart/form-data; boundary=x` (RFC 9110, 8.3.1).
package struct MediaType: Sendable, Hashable {
    /// `type/subtype` in lower case.
    package let essence: String
    let parameters: FieldParameters

    /// Nil for what is none: no slash, an unfinished quoted string, a parameter that stands twice.
    package init?(_ text: String) {
        let (essence, parameters) = FieldParameters.split(text)
        let halves = essence.split(separator: 0x2F, omittingEmptySubsequences: false)
        guard halves.count == 2, halves.allSatisfy({ !$0.isEmpty && $0.allSatisfy(\.isTokenCharacter) }),
            let parameters
        else { return nil }
        self.essence = String(decoding: essence.map(\.lowercasedASCII), as: UTF8.self)
        self.parameters = parameters
    }

    /// The value of a parameter, without the quotation marks it may have had.
    package subscript(parameter name: String) -> String? { self.parameters[name] }

    /// The same type without one of its parameters.
    package func removing(parameter name: String) -> MediaType {
        MediaType(essence: self.essence, parameters: self.parameters.removing(name))
    }

    private init(essence: String, parameters: FieldParameters) {
        self.essence = essence
        self.parameters = parameters
    }
}

extension MediaType: CustomStringConvertible {
    /// One spelling for every way of writing the same: lower case names, every value in quotation marks.
    package var description: String { self.essence + self.parameters.description }
}
