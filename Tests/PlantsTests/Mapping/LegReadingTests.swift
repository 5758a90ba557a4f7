// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration
import Testing

@testable import Plants

@Suite("The response of one API")
struct LegReadingTests {
    private func read(
        _ text: String,
        status: Int = 200,
        _ mapping: IdentificationMapping = SampleMapping.plantID
    ) -> LegReading {
        LegReading(status: status, content: ByteBuffer(string: text), mapping.response)
    }

    @Test("of Plant.id becomes suggestions and diseases")
    func plantID() {
        let reading = self.read(
            """
            {"access_token":"t","result":{"is_plant":{"probability":0.99,"binary":true},
             "is_healthy":{"probability":0.2,"binary":false},
             "classification":{"suggestions":[{"id":"a","name":"Aloe vera","probability":0.96,
               "details":{"common_names":["Aloe"],"taxonomy":{"genus":"Aloe","family":"Asphodelaceae"}}},
               {"id":"b","name":"Aloe arborescens","probability":0.02,"details":{"common_names":null}}]},
             "disease":{"suggestions":[{"name":"scale","probability":0.1,"details":{}},
              {"name":"rust","probability":0.5,"details":{"description":{"value":"Orange spots.","citation":"c"},
               "treatment":{"biological":["Pick."],"chemical":[],"prevention":["Air.","Light."]}}}]}},
             "status":"COMPLETED"}
            """,
            status: 201
        )
        #expect(
            reading
                == .answer(
                    LegAnswer(
                        suggestions: [
                            .init(
                                scientificName: "Aloe vera",
                                probability: 0.96,
                                commonNames: ["Aloe"],
                                family: "Asphodelaceae",
                                genus: "Aloe"
                            ),
                            .init(scientificName: "Aloe arborescens", probability: 0.02),
                        ],
                        health: .init(
                            isHealthy: false,
                            diseases: [
                                .init(
                                    name: "rust",
                                    probability: 0.5,
                                    description: "Orange spots.",
                                    treatment: "Pick. Air. Light."
                                ),
                                .init(name: "scale", probability: 0.1),
                            ]
                        )
                    )
                )
        )
    }

    @Test("of Pl@ntNet becomes suggestions")
    func plantNet() {
        let reading = self.read(
            """
            {"results":[{"score":0.91,"species":{"scientificNameWithoutAuthor":"Aloe vera",
              "genus":{"scientificNameWithoutAuthor":"Aloe"},"family":{"scientificNameWithoutAuthor":"Asphodelaceae"},
              "commonNames":["Aloe","Medicine plant"]}}],"remainingIdentificationRequests":499}
            """,
            SampleMapping.plantNet
        )
        let aloe = LegAnswer.Suggestion(
            scientificName: "Aloe vera",
            probability: 0.91,
            commonNames: ["Aloe", "Medicine plant"],
            family: "Asphodelaceae",
            genus: "Aloe"
        )
        #expect(reading == .answer(LegAnswer(suggestions: [aloe])))
    }

    @Test("says that nothing was recognised by a status or an empty list")
    func noMatch() {
        #expect(self.read("Species not found", status: 404, SampleMapping.plantNet) == .noMatch)
        #expect(self.read(#"{"results":[]}"#, SampleMapping.plantNet) == .noMatch)
    }

    @Test("may be about diseases only")
    func healthOnly() {
        let reading = self.read(#"{"result":{"is_healthy":{"binary":true},"disease":{"suggestions":[]}}}"#)
        #expect(reading == .answer(LegAnswer(health: .init(isHealthy: true))))
    }

    @Test(
        "is malformed if it is not what it should be",
        arguments: [
            "<html>maintenance</html>", "", "[]", "{}", #"{"status":"FAILED"}"#, #"{"result":null}"#,
            #"{"result":{"classification":{"suggestions":{}}}}"#,
            #"{"result":{"classification":{"suggestions":[1,{}]}}}"#,
            #"{"result":{"classification":{"suggestions":[{"name":"Aloe","probability":97}]}}}"#,
            #"{"result":{"classification":{"suggestions":[{"name":" ","probability":0.5}]}}}"#,
            #"{"result":{"classification":{"suggestions":[{"name":"Aloe","pro"#,
        ]
    )
    func malformed(text: String) {
        #expect(self.read(text) == .malformed)
    }

    @Test("leaves out the single suggestion that makes no sense")
    func oneBadSuggestion() {
        let reading = self.read(
            #"{"result":{"classification":{"suggestions":[{"name":"A b","probability":"x"},{"name":"C d","probability":1}]}}}"#
        )
        #expect(reading == .answer(LegAnswer(suggestions: [.init(scientificName: "C d", probability: 1)])))
    }

    @Test("is read up to the limit")
    func limit() {
        var mapping = SampleMapping.plantNet
        mapping.response.limit = 2
        let one = #"{"score":0.1,"species":{"scientificNameWithoutAuthor":"Aloe vera"}}"#
        guard case .answer(let answer) = self.read(#"{"results":[\#(one),\#(one),\#(one)]}"#, mapping) else {
            Issue.record("no answer")
            return
        }
        #expect(answer.suggestions.count == 2)
    }

    @Test("of another status is a refusal", arguments: [300, 400, 401, 404, 429, 500, 503])
    func refused(status: Int) {
        #expect(self.read("{}", status: status) == .refused(status: status))
    }
}
