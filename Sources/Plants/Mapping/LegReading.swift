// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration

/// What a response of an API means.
enum LegReading: Sendable, Equatable {
    case answer(LegAnswer)
    /// The API does not take the image for a plant, or does not know it.
    case noMatch
    /// The status says success, and the content is not what it should be.
    case malformed
    case refused(status: Int)

    init(status: Int, content: ByteBuffer, _ mapping: IdentificationMapping.Response) {
        if mapping.noMatch.contains(status) {
            self = .noMatch
        } else if !(200...299 ~= status) {
            self = .refused(status: status)
        } else if let json = try? JSON(parsing: content.readableBytesView), let answer = LegAnswer(json, mapping) {
            self = answer.suggestions.isEmpty && answer.health == nil ? .noMatch : .answer(answer)
        } else {
            self = .malformed
        }
    }
}

extension LegAnswer {
    /// Returns nil for JSON that holds neither suggestions nor diseases where the mapping has them.
    fileprivate init?(_ json: JSON, _ mapping: IdentificationMapping.Response) {
        self.init()
        self.health = mapping.disease.flatMap { Health(json, $0) }
        guard let list = json[pointer: mapping.suggestions], list != .null else {
            // Asked for diseases only, an API names no plant.
            if self.health == nil { return nil }
            return
        }
        guard let elements = list.array else { return nil }
        self.suggestions = elements.lazy.compactMap { Suggestion($0, mapping.fields) }.prefix(mapping.limit).map { $0 }
        if self.suggestions.isEmpty, !elements.isEmpty { return nil }
    }
}

extension LegAnswer.Suggestion {
    fileprivate init?(_ json: JSON, _ fields: IdentificationMapping.Fields) {
        guard let name = json.text(at: fields.scientificName), let probability = json.share(at: fields.probability)
        else { return nil }
        self.init(scientificName: name, probability: probability)
        self.commonNames = fields.commonNames.flatMap { json[pointer: $0] }?.texts ?? []
        self.family = fields.family.flatMap { json.text(at: $0) }
        self.genus = fields.genus.flatMap { json.text(at: $0) }
    }
}

extension LegAnswer.Health {
    fileprivate init?(_ json: JSON, _ mapping: IdentificationMapping.Disease) {
        guard let list = json[pointer: mapping.suggestions]?.array else { return nil }
        self.init()
        self.isHealthy = mapping.isHealthy.flatMap { json[pointer: $0]?.bool }
        let diseases = list.compactMap { element -> LegAnswer.Disease? in
            guard let name = element.text(at: mapping.name), let probability = element.share(at: mapping.probability)
            else { return nil }
            return LegAnswer.Disease(
                name: name,
                probability: probability,
                description: mapping.description.flatMap { element.text(at: $0) },
                treatment: mapping.treatment.flatMap { element.text(at: $0) }
            )
        }
        let ranked = diseases.enumerated().sorted { one, other in
            (other.element.probability, one.offset) < (one.element.probability, other.offset)
        }
        self.diseases = ranked.map(\.element)
    }
}

extension JSON {
    /// All text in a value, in order: of a list, of an object such as `{"biological": [...], "prevention": [...]}`.
    /// An object with a `value` has its text there and its source beside it.
    fileprivate var texts: [String] {
        switch self {
        case .string(let text):
            let trimmed = Self.trim(text)
            return trimmed.isEmpty ? [] : [trimmed]
        case .array(let values): return values.flatMap(\.texts)
        case .object(let members): return self["value"]?.texts ?? members.flatMap(\.value.texts)
        case .null, .bool, .number: return []
        }
    }

    fileprivate func text(at pointer: String) -> String? {
        guard let texts = self[pointer: pointer]?.texts, !texts.isEmpty else { return nil }
        return texts.joined(separator: " ")
    }

    /// A number from 0 to 1; some APIs write it as text.
    fileprivate func share(at pointer: String) -> Double? {
        let value = self[pointer: pointer]
        guard let share = value?.double ?? value?.string.flatMap(Double.init), 0...1 ~= share else { return nil }
        return share
    }

    private static func trim(_ text: String) -> String {
        text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
