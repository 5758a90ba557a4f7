// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

extension IdentificationMapping {
    var settings: Setting {
        .mapping(["request": self.request.settings, "response": self.response.settings])
    }
}

extension IdentificationMapping.Request {
    fileprivate var settings: Setting {
        .mapping([
            "method": .text(self.method.rawValue),
            "path": .text(self.path),
            "accepts": .sorted(self.accepts.map(\.rawValue)),
            "max_images": .int(self.maxImages),
            "query": self.query.settings,
            "body": self.body.settings,
        ])
    }
}

extension [IdentificationMapping.Pair] {
    fileprivate var settings: Setting {
        .mapping(self.map { Setting.Member(name: $0.name, value: .text($0.template, named: $0.name)) })
    }
}

extension IdentificationMapping.Body {
    fileprivate var settings: Setting {
        switch self {
        case .raw: .text("raw")
        case .json(let pairs): .mapping(["json": pairs.settings])
        case .multipart(let parts): .mapping(["multipart": .list(parts.map(\.settings))])
        }
    }
}

extension IdentificationMapping.Part {
    fileprivate var settings: Setting {
        switch self.content {
        case .images: .mapping(["name": .text(self.name), "content": .text("images")])
        case .textPerImage(let template):
            .mapping(["name": .text(self.name), "text_per_image": .text(template, named: self.name)])
        case .text(let template):
            .mapping(["name": .text(self.name), "text": .text(template, named: self.name)])
        }
    }
}

extension IdentificationMapping.Response {
    fileprivate var settings: Setting {
        .mapping([
            "no_match": .sorted(self.noMatch),
            "suggestions": .text(self.suggestions),
            "limit": .int(self.limit),
            "fields": .mapping([
                "scientific_name": .text(self.fields.scientificName),
                "probability": .text(self.fields.probability),
                "common_names": self.fields.commonNames.map { .text($0) },
                "family": self.fields.family.map { .text($0) },
                "genus": self.fields.genus.map { .text($0) },
            ]),
            "disease": self.disease?.settings,
        ])
    }
}

extension IdentificationMapping.Disease {
    fileprivate var settings: Setting {
        .mapping([
            "suggestions": .text(self.suggestions),
            "name": .text(self.name),
            "probability": .text(self.probability),
            "is_healthy": self.isHealthy.map { .text($0) },
            "description": self.description.map { .text($0) },
            "treatment": self.treatment.map { .text($0) },
        ])
    }
}
