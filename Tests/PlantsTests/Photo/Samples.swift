// SPDX-License-Identifier: Apache-2.0

import NIOCore
import ProxyConfiguration

@testable import Plants

/// The least that passes for an image of each kind.
enum Sample {
    static let jpeg = ByteBuffer(bytes: [0xFF, 0xD8, 0xFF, 0xE0] + Array("leaf".utf8))
    static let png = ByteBuffer(bytes: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + Array("leaf".utf8))
    static let webp = ByteBuffer(string: "RIFF\u{1}\u{2}\u{3}\u{4}WEBPVP8 leaf")

    static let limits: CombinedConfiguration = {
        var limits = CombinedConfiguration(name: "identify", path: "/identify", legs: ["plant_id", "plantnet"])
        limits.maxImage = 1000
        return limits
    }()

    static func photo(_ content: ByteBuffer) throws -> Photo { try Photo(content, position: 1, limit: 1 << 20) }
}

/// The same numbers for the same seed, so that what failed can be seen again (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { self.state = seed }

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = self.state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
