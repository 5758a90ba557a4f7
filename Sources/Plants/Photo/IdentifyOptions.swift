// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// What a caller may say beside the images.
struct IdentifyOptions: Sendable, Equatable {
    /// None, or one for each image.
    private(set) var organs: [String] = []
    private(set) var language: String?
    /// `all`, `auto` or `only`; nil: nobody looks for diseases.
    private(set) var health: String?

    static let names: Set<String> = ["organs", "language", "health"]

    init() {}

    /// - Parameters:
    ///   - values: The values of each name of `names`, in the order in which they came.
    ///   - images: How many images there are; one organ is taken for all of them.
    init(_ values: [String: [String]], images: Int) throws(CallerError) {
        try self.readOrgans(values["organs"] ?? [], images: images)
        self.language = try Self.single("language", values, isAllowed: Self.isLanguage)
        guard let health = try Self.single("health", values, isAllowed: Self.isWord) else { return }
        switch health.lowercased() {
        case "all", "auto", "only": self.health = health.lowercased()
        case "true": self.health = "all"
        case "false", "none": self.health = nil
        default: throw CallerError(.badRequest, "health is one of all, auto, only, none")
        }
    }

    private mutating func readOrgans(_ values: [String], images: Int) throws(CallerError) {
        let organs = values.flatMap { $0.split(separator: ",") }.map { String($0.trimmingOptionalWhitespace()) }
        guard organs.allSatisfy(Self.isWord) else {
            throw CallerError(.badRequest, "organs are words such as leaf, flower or auto")
        }
        switch organs.count {
        case 0, images: self.organs = organs
        case 1: self.organs = Array(repeating: organs[0], count: images)
        default:
            throw CallerError(.badRequest, "\(organs.count) organs for \(images) images: one for each, or one for all")
        }
    }

    private static func single(
        _ name: String,
        _ values: [String: [String]],
        isAllowed: (String) -> Bool
    ) throws(CallerError) -> String? {
        let values = (values[name] ?? []).filter { !$0.isEmpty }
        guard let value = values.first else { return nil }
        guard values.count == 1, isAllowed(value) else {
            throw CallerError(.badRequest, "\(name) is not one plain value")
        }
        return value
    }

    /// Letters, digits, `_` and `-`: nothing that could mean anything in a query, a part or a log.
    private static func isWord(_ text: String) -> Bool {
        1...32 ~= text.utf8.count && text.utf8.allSatisfy { $0.isWordCharacter }
    }

    /// Tags of RFC 5646, several with commas between them.
    private static func isLanguage(_ text: String) -> Bool {
        1...64 ~= text.utf8.count && text.utf8.allSatisfy { $0.isWordCharacter || $0 == UInt8(ascii: ",") }
    }
}

extension UInt8 {
    fileprivate var isWordCharacter: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x5F: true
        default: false
        }
    }
}
