// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Plants

@Suite("A scientific name")
struct ScientificNameTests {
    @Test(
        "is the same however it is written",
        arguments: [
            [
                "Aloe vera", "aloe vera", "ALOE VERA", "Aloe Vera", " Aloe\u{A0} vera ", "Aloe vera (L.) Burm.f.",
                "Aloe vera (L.) Burm. f.", "Aloe vera L., 1753", "Aloe vera Mill.",
            ],
            ["Mentha × piperita", "Mentha x piperita", "Mentha ×piperita", "Mentha X piperita L.", "Mentha piperita"],
            ["× Fatshedera lizei", "×Fatshedera lizei", "xFatshedera lizei", "x Fatshedera lizei (Cochet) Guillaumin"],
            ["Brassica oleracea var. capitata", "Brassica oleracea L. var. capitata L.", "Brassica oleracea capitata"],
            ["Salix alba subsp. vitellina", "Salix alba ssp. vitellina (L.) Schübl. & G.Martens"],
            ["Leucaena leucocephala", "Leucaena leucocephala (Lam.) de Wit"],
            ["Rosa 'Peace'", "Rosa \u{2018}Peace\u{2019}", "rosa 'peace'"],
            ["Rosa", "Rosa L.", "ROSA", "Rosa Ait"],
            ["Isoe\u{0308}tes lacustris", "Iso\u{EB}tes lacustris L."],
            ["Capsella bursa-pastoris", "Capsella Bursa-pastoris (L.) Medik."],
        ]
    )
    func same(spellings: [String]) {
        let names = Set(spellings.map(ScientificName.init))
        #expect(names.count == 1, "\(names.map(\.key).sorted())")
    }

    @Test(
        "tells plants apart",
        arguments: [
            ("Aloe vera", "Aloe arborescens"), ("Rosa", "Rosa canina"), ("Rosa 'Peace'", "Rosa 'Iceberg'"),
            ("Beta vulgaris", "Beta vulgaris subsp. maritima"), ("Xanthium strumarium", "Anthium strumarium"),
            ("Rosa 'Double Delight'", "Rosa 'Double Peace'"),
        ]
    )
    func different(one: String, other: String) {
        #expect(ScientificName(one) != ScientificName(other))
    }

    @Test("is never empty, even if it is none", arguments: ["×", "(L.)", "123", "'"])
    func strange(text: String) {
        #expect(!ScientificName(text).key.isEmpty)
    }
}
