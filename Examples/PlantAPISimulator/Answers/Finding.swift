// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What both APIs see in the same images; each of them adds its own scores.
///
/// The first image decides. One that has `plant=NAME` of a known species among its bytes, say in a comment, shows that
/// species; one that has `not-a-plant` shows none; any other shows what its hash happens to select. With
/// `disease=NAME` it is ill.
struct Finding: Sendable {
    let hash: UInt64
    let isPlant: Bool
    /// Most probable first.
    let species: [Species]
    let disease: Disease
    let isHealthy: Bool

    init(_ images: [Image]) {
        let first = images.first
        let hash = first?.hash ?? 0
        let bytes = first?.bytes ?? ByteBuffer()
        let all = Species.all
        let named = bytes.offset(of: "plant=").flatMap { marker in
            all.firstIndex { bytes.offset(of: "plant=\($0.name)", from: marker) == marker }
        }
        let start = named ?? Int(hash % UInt64(all.count))
        // Another step for another image, so that two with the same best species differ in the rest. It is odd, and
        // the number of species a power of two: every species comes once.
        let step = Int((hash >> 8) % 8) * 2 + 1
        self.hash = hash
        self.isPlant = bytes.offset(of: "not-a-plant") == nil
        self.species = all.indices.map { all[(start + $0 * step) % all.count] }
        let illness = Disease.all.first { bytes.offset(of: "disease=\($0.name)") != nil }
        self.disease = illness ?? Disease.all[Int((hash >> 20) % UInt64(Disease.all.count))]
        self.isHealthy = illness == nil && (hash >> 32) % 2 == 0
    }

    /// A number in 0..<1 that belongs to the images and the name of what it is for.
    func chance(_ purpose: StaticString) -> Double {
        var value = purpose.withUTF8Buffer { $0.reduce(self.hash) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 } }
        value ^= value >> 33
        value &*= 0xFF51_AFD7_ED55_8CCD
        value ^= value >> 33
        return Double(value % 1_000_000) / 1_000_000
    }
}

extension Double {
    /// Four decimals, as scores have them.
    var score: JSON { .double((self * 10_000).rounded() / 10_000) }
}
