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
