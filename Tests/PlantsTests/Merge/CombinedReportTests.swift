// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Testing

@testable import Plants

@Suite("The report of a combined endpoint")
struct CombinedReportTests {
    private let legs = ["plant_id", "plantnet"]

    private func report(_ plantID: LegOutcome.Result, _ plantNet: LegOutcome.Result) -> CombinedReport {
        CombinedReport(
            [
                LegOutcome(leg: "plantnet", result: plantNet, duration: .microseconds(400)),
                LegOutcome(leg: "plant_id", result: plantID, duration: .milliseconds(840)),
            ],
            legs: self.legs,
            total: .milliseconds(850)
        )
    }

    private static func aloe(_ probability: Double) -> LegAnswer {
        LegAnswer(suggestions: [
            .init(
                scientificName: "Aloe vera",
                probability: probability,
                commonNames: ["Aloe"],
                family: "Asphodelaceae",
                genus: "Aloe"
            )
        ])
    }

    private let open = LegOutcome.Result.unavailable(reason: "circuit-open", retryAfter: 42)

    @Test("has the shape of the design")
    func shape() {
        let report = self.report(.answered(Self.aloe(0.97), cached: false), .answered(Self.aloe(0.91), cached: true))
        let suggestion = #"""
            {"scientific_name":"Aloe vera","plant_name":"Aloe","probability":0.97,"common_names":["Aloe"],\#
            "family":"Asphodelaceae","genus":"Aloe"}
            """#
        #expect(report.status == 200)
        #expect(
            report.json.serialized == #"""
                {"primary_identification":{"source":"plant_id","suggestions":[\#(suggestion)],\#
                "top_suggestion":\#(suggestion),"confidence":0.97,"health_assessment":null},\#
                "combined_suggestions":[{"rank":1,"scientific_name":"Aloe vera","plant_name":"Aloe","probability":0.97,\#
                "common_names":["Aloe"],"family":"Asphodelaceae","genus":"Aloe",\#
                "sources":{"plant_id":0.97,"plantnet":0.91}}],\#
                "disease_detection":null,"confidence_score":0.97,"source":"plant_id","degraded":false,\#
                "providers":{"plant_id":{"status":"ok","reason":null,"cached":false,"seconds":0.84},\#
                "plantnet":{"status":"ok","reason":null,"cached":true,"seconds":0.0}},\#
                "timing":{"total":0.85}}
                """#
        )
    }

    @Test("tells no match from no answer")
    func noMatch() {
        let report = self.report(.answered(LegAnswer(), cached: false), .answered(LegAnswer(), cached: false))
        #expect(report.status == 200)
        #expect(report.json["primary_identification"] == .null)
        #expect(report.json["combined_suggestions"] == .array([]))
        #expect(report.json["source"] == .null)
        #expect(report.json["error"] == nil)
        #expect(report.json["degraded"] == false)
        #expect(report.json[pointer: "/providers/plantnet/reason"] == "no_match")
        #expect(report.json[pointer: "/providers/plantnet/status"] == "ok")
    }

    @Test(
        "has the status of the worst that was tried",
        arguments: [
            ("open", "open", 503), ("open", "skip", 503), ("late", "open", 504), ("late", "late", 504),
            ("late", "skip", 504),
            ("fail", "open", 502), ("fail", "late", 502), ("fail", "fail", 502), ("ok", "open", 200),
            ("fail", "ok", 200),
            ("ok", "skip", 200),
        ]
    )
    func statuses(plantID: String, plantNet: String, status: Int) {
        let results: [String: LegOutcome.Result] = [
            "open": self.open, "late": .timedOut, "fail": .failed(reason: "http-500"),
            "skip": .skipped(reason: "unsupported-image"), "ok": .answered(Self.aloe(0.5), cached: false),
        ]
        let report = self.report(results[plantID] ?? .timedOut, results[plantNet] ?? .timedOut)
        #expect(report.status == status)
        #expect(report.isDegraded)
        #expect((report.json["error"] == nil) == (status == 200))
        #expect((report.retryAfter == 42) == (status == 503))
    }

    @Test("says in a sentence that the providers are down, not that there is no plant")
    func sentence() {
        let error = self.report(self.open, self.open).json["error"]?.string
        #expect(
            error == """
                No identification: no source is available: plant_id (circuit-open), plantnet (circuit-open). \
                This says nothing about the image. Try again in 42 s.
                """
        )
    }

    @Test("takes the diseases of the first leg that looked for them")
    func diseases() {
        var answer = Self.aloe(0.5)
        answer.health = .init(isHealthy: false, diseases: [.init(name: "rust", probability: 0.6)])
        let report = self.report(self.open, .answered(answer, cached: false))
        #expect(
            report.json["disease_detection"]?.serialized == #"""
                {"source":"plantnet","is_healthy":false,"disease_name":"rust","probability":0.6,"description":null,\#
                "treatment":null,"diseases":[{"name":"rust","probability":0.6,"description":null,"treatment":null}]}
                """#
        )
    }
}
