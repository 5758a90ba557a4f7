// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

extension IdentificationMapping {
    static func decode(_ reader: inout MappingReader) -> IdentificationMapping? {
        let request = reader.optionalSection("request") { Request.decode(&$0) }
        let response = reader.optionalSection("response") { Response.decode(&$0) }
        if request == nil { reader.missing("request", "how the API is asked about images") }
        if response == nil { reader.missing("response", "where its answer has the suggestions") }
        guard let request = request ?? nil, let response = response ?? nil else { return nil }
        return IdentificationMapping(request: request, response: response)
    }
}

extension IdentificationMapping.Request {
    static func decode(_ reader: inout MappingReader) -> IdentificationMapping.Request? {
        let path = reader.value("path")
        let method = reader.value("method")?.method(reader.problems)
        let accepts = reader.elements("accepts") { $0.choice(ImageFormat.self, $1) }
        let maxImages = reader.int("max_images", in: 1...5, default: 5)
        let query = reader.pairs("query", isJSON: false)
        let bodyNode = reader.value("body")
        let body = IdentificationMapping.Body.decode(bodyNode, &reader)
        if path == nil { reader.missing("path", "the path of the API's identification, such as /identify") }
        if bodyNode == nil { reader.missing("body", "raw, {json: {...}} or {multipart: [...]}") }
        guard let path = path?.pathBelowMount(isPattern: false, reader.problems), let body else { return nil }
        var request = IdentificationMapping.Request(path: path, body: body)
        request.method = method ?? request.method
        request.accepts = accepts.map { Set($0) } ?? request.accepts
        request.maxImages = maxImages
        request.query = query
        return request
    }
}

extension IdentificationMapping.Body {
    private static let forms = "raw, {json: {...}} or {multipart: [...]}"

    static func decode(_ node: Node?, _ reader: inout MappingReader) -> IdentificationMapping.Body? {
        if let node, node.scalar != nil {
            if node.isWord("raw") { return .raw }
            node.expected(self.forms, reader.problems)
            return nil
        }
        return reader.optionalSection("body") { reader -> IdentificationMapping.Body? in
            let json = reader.value("json")
            let multipart = reader.value("multipart")
            let pairs = reader.pairs("json", isJSON: true)
            let parts = reader.sections("multipart") { IdentificationMapping.Part.decode(&$0) } ?? []
            switch (json, multipart) {
            case (_?, nil): return .json(pairs)
            case (nil, _?): return .multipart(parts.compactMap(\.self))
            case (nil, nil), (_?, _?):
                if reader.node.entries != nil {
                    reader.problems.error("expected \(self.forms)", at: reader.node)
                }
                return nil
            }
        } ?? nil
    }
}

extension IdentificationMapping.Part {
    private enum Word: String, CaseIterable { case images }

    static func decode(_ reader: inout MappingReader) -> IdentificationMapping.Part? {
        let name = reader.text("name")
        let content = reader.value("content")
        let textPerImage = reader.value("text_per_image")
        let text = reader.value("text")
        guard let name else {
            reader.missing("name", "a part needs the name that the API knows it by")
            return nil
        }
        guard !name.isEmpty, name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F && $0 != UInt8(ascii: "\"") }) else {
            reader.problems.error("the name of a part has no quotes or control characters", at: reader.node)
            return nil
        }
        switch (content, textPerImage, text) {
        case (let content?, nil, nil):
            return content.choice(Word.self, reader.problems).map { _ in Self(name: name, content: .images) }
        case (nil, let template?, nil):
            return template.template(allowsImages: false, reader.problems).map {
                Self(name: name, content: .textPerImage($0))
            }
        case (nil, nil, let template?):
            return template.template(allowsImages: false, reader.problems).map { Self(name: name, content: .text($0)) }
        default:
            reader.problems.error("a part has one of content: images, text_per_image and text", at: reader.node)
            return nil
        }
    }
}

extension IdentificationMapping.Response {
    static func decode(_ reader: inout MappingReader) -> IdentificationMapping.Response? {
        let noMatch = reader.statuses("no_match") ?? []
        let suggestions = reader.requiredPointer("suggestions", "the list of what the API suggests")
        let limit = reader.int("limit", in: 1...100, default: 10)
        let fields = reader.section("fields") { IdentificationMapping.Fields.decode(&$0) }
        let disease = reader.optionalSection("disease") { IdentificationMapping.Disease.decode(&$0) } ?? nil
        guard let suggestions, let fields else { return nil }
        var response = IdentificationMapping.Response(suggestions: suggestions, fields: fields)
        response.noMatch = noMatch
        response.limit = limit
        response.disease = disease
        return response
    }
}

extension IdentificationMapping.Fields {
    static func decode(_ reader: inout MappingReader) -> IdentificationMapping.Fields? {
        let name = reader.requiredPointer("scientific_name", "where a suggestion has its name")
        let probability = reader.requiredPointer("probability", "where a suggestion has its score")
        let commonNames = reader.value("common_names")?.jsonPointer(reader.problems)
        let family = reader.value("family")?.jsonPointer(reader.problems)
        let genus = reader.value("genus")?.jsonPointer(reader.problems)
        guard let name, let probability else { return nil }
        var fields = IdentificationMapping.Fields(scientificName: name, probability: probability)
        fields.commonNames = commonNames
        fields.family = family
        fields.genus = genus
        return fields
    }
}

extension IdentificationMapping.Disease {
    static func decode(_ reader: inout MappingReader) -> IdentificationMapping.Disease? {
        let suggestions = reader.requiredPointer("suggestions", "the list of diseases")
        let name = reader.requiredPointer("name", "where a disease has its name")
        let probability = reader.requiredPointer("probability", "where a disease has its score")
        let isHealthy = reader.value("is_healthy")?.jsonPointer(reader.problems)
        let description = reader.value("description")?.jsonPointer(reader.problems)
        let treatment = reader.value("treatment")?.jsonPointer(reader.problems)
        guard let suggestions, let name, let probability else { return nil }
        var disease = IdentificationMapping.Disease(suggestions: suggestions, name: name, probability: probability)
        disease.isHealthy = isHealthy
        disease.description = description
        disease.treatment = treatment
        return disease
    }
}

extension MappingReader {
    fileprivate mutating func requiredPointer(_ key: String, _ what: String) -> String? {
        guard let node = self.value(key) else {
            self.missing(key, "a JSON pointer to \(what)")
            return nil
        }
        return node.jsonPointer(self.problems)
    }

    /// Names and templates, in the order of the file.
    fileprivate mutating func pairs(_ key: String, isJSON: Bool) -> [IdentificationMapping.Pair] {
        self.named(key).compactMap { entry in
            entry.value.template(allowsImages: isJSON, self.problems).map { template in
                IdentificationMapping.Pair(name: entry.key, template: template)
            }
        }
    }
}

extension Node {
    private static let variables = ["language", "health", "organ"]

    /// A text with `{language}`, `{health}` or `{organ}` in it, or `{images}` alone.
    fileprivate func template(allowsImages: Bool, _ problems: Problems) -> String? {
        guard let text = self.text(problems) else { return nil }
        if allowsImages, text == "{images}" { return text }
        var rest = text[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            let name = String(rest[open..<close].dropFirst())
            guard Self.variables.contains(name) else {
                let isMisplaced = name == "images"
                let hint = EditDistance.hint(for: name, among: Self.variables + (allowsImages ? ["images"] : []))
                problems.error(
                    isMisplaced ? "{images} stands alone, and in JSON only" : "there is no variable {\(name)}\(hint)",
                    at: self
                )
                return nil
            }
            rest = rest[close...].dropFirst()
        }
        return text
    }
}
