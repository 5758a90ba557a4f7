// SPDX-License-Identifier: Apache-2.0

/// One plant that the simulator knows.
struct Species: Sendable {
    let name: String
    let author: String
    let family: String
    let commonNames: [String]
    /// How much water, from 1 (dry) to 3 (wet).
    let watering: ClosedRange<Int>

    var genus: String { String(self.name.prefix { $0 != " " }) }
    var fullName: String { "\(self.name) \(self.author)" }

    static let all: [Species] = [
        .init("Monstera deliciosa", "Liebm.", "Araceae", ["Swiss cheese plant", "Ceriman"], 2...2),
        .init("Aloe vera", "(L.) Burm.f.", "Asphodelaceae", ["Aloe", "Barbados aloe"], 1...1),
        .init("Ficus elastica", "Roxb. ex Hornem.", "Moraceae", ["Rubber plant"], 1...2),
        .init("Quercus robur", "L.", "Fagaceae", ["English oak", "Pedunculate oak"], 2...2),
        .init("Bellis perennis", "L.", "Asteraceae", ["Common daisy"], 2...3),
        .init("Taraxacum officinale", "F.H.Wigg.", "Asteraceae", ["Common dandelion"], 1...3),
        .init("Rosa canina", "L.", "Rosaceae", ["Dog rose"], 2...2),
        .init("Solanum lycopersicum", "L.", "Solanaceae", ["Tomato"], 2...3),
        .init("Hedera helix", "L.", "Araliaceae", ["Common ivy"], 2...2),
        .init("Lavandula angustifolia", "Mill.", "Lamiaceae", ["English lavender"], 1...1),
        .init("Helianthus annuus", "L.", "Asteraceae", ["Sunflower"], 2...3),
        .init("Acer platanoides", "L.", "Sapindaceae", ["Norway maple"], 2...2),
        .init("Epipremnum aureum", "(Linden & Andr\u{e9}) G.S.Bunting", "Araceae", ["Golden pothos"], 1...2),
        .init("Spathiphyllum wallisii", "Regel", "Araceae", ["Peace lily"], 2...3),
        .init("Ocimum basilicum", "L.", "Lamiaceae", ["Basil"], 2...3),
        .init("Urtica dioica", "L.", "Urticaceae", ["Stinging nettle"], 2...3),
    ]

    private init(
        _ name: String,
        _ author: String,
        _ family: String,
        _ commonNames: [String],
        _ watering: ClosedRange<Int>
    ) {
        self.name = name
        self.author = author
        self.family = family
        self.commonNames = commonNames
        self.watering = watering
    }
}

/// What a leaf may suffer from.
struct Disease: Sendable {
    let name: String
    let description: String
    let kind: String
    let prevention: String

    static let all: [Disease] = [
        .init(
            name: "rust",
            description: "Orange or brown pustules on the underside of leaves.",
            kind: "Fungi",
            prevention: "Water the soil, not the leaves."
        ),
        .init(
            name: "powdery mildew",
            description: "A white coating on leaves and shoots.",
            kind: "Fungi",
            prevention: "Leave room between plants, so that air can move."
        ),
        .init(
            name: "water deficiency",
            description: "Leaves hang and turn dry from the edge.",
            kind: "Abiotic",
            prevention: "Water regularly in hot weather."
        ),
        .init(
            name: "aphids",
            description: "Small insects on young shoots, sticky leaves.",
            kind: "Insecta",
            prevention: "Check the undersides of leaves every week."
        ),
    ]
}
