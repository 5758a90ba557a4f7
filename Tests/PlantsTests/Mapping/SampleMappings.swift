// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration

/// Mappings as the two shipped profiles have them, written in code, so that the rules are tested without the YAML.
enum SampleMapping {
    static let plantID: IdentificationMapping = {
        var request = IdentificationMapping.Request(
            path: "/identification",
            body: .json([
                .init(name: "images", template: "{images}"), .init(name: "health", template: "{health}"),
                .init(name: "similar_images", template: "false"), .init(name: "note", template: "v{language}"),
            ])
        )
        request.query = [
            .init(name: "details", template: "common_names,taxonomy"), .init(name: "language", template: "{language}"),
        ]
        request.accepts = [.jpeg, .png, .webp]
        var fields = IdentificationMapping.Fields(scientificName: "/name", probability: "/probability")
        fields.commonNames = "/details/common_names"
        fields.family = "/details/taxonomy/family"
        fields.genus = "/details/taxonomy/genus"
        var response = IdentificationMapping.Response(
            suggestions: "/result/classification/suggestions",
            fields: fields
        )
        var disease = IdentificationMapping.Disease(
            suggestions: "/result/disease/suggestions",
            name: "/name",
            probability: "/probability"
        )
        disease.isHealthy = "/result/is_healthy/binary"
        disease.description = "/details/description"
        disease.treatment = "/details/treatment"
        response.disease = disease
        return IdentificationMapping(request: request, response: response)
    }()

    static let plantNet: IdentificationMapping = {
        var request = IdentificationMapping.Request(
            path: "/v2/identify/all",
            body: .multipart([
                .init(name: "organs", content: .textPerImage("{organ}")), .init(name: "images", content: .images),
            ])
        )
        request.query = [
            .init(name: "nb-results", template: "10"), .init(name: "lang", template: "{language}"),
        ]
        var fields = IdentificationMapping.Fields(
            scientificName: "/species/scientificNameWithoutAuthor",
            probability: "/score"
        )
        fields.commonNames = "/species/commonNames"
        fields.family = "/species/family/scientificNameWithoutAuthor"
        fields.genus = "/species/genus/scientificNameWithoutAuthor"
        var response = IdentificationMapping.Response(suggestions: "/results", fields: fields)
        response.noMatch = [404]
        return IdentificationMapping(request: request, response: response)
    }()
}
