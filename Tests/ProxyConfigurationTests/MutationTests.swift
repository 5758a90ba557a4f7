// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration
import Testing

/// Whatever stands in a file: it ends as a configuration or as a list of problems, and never shows a secret.
@Suite struct MutationTests {
    private static let secret = "hunter2hunter2"
    private static let snippets = [
        "{", "}", "[", "]", ":", ": ", "- ", "#", "&a ", "*a", "!!int ", "|\n", ">\n", "\t", "\n", "\r\n", "\u{2028}",
        "\0",
        "\"", "'", "${", "}", "$$", "${X:-}", "%YAML 1.1\n---\n", "<<: ", "? ", "~", "null", "off", "-1",
        "99999999999999999999",
        "é", "\u{FEFF}", "...\n", "---\n", "    ", "file:/dev/null", "@", "`",
    ]

    @Test(arguments: 0..<8) func `random mutations end well`(_ round: UInt64) throws {
        let seed = 0x57_42_00 + round
        var random = SplitMix(state: seed)
        let loader = try Repository.loader(["TOKEN": Self.secret])
        let original = Array(
            try Repository.configuration()
                .replacing("${PLANT_ID_API_KEY:-}", with: "${TOKEN}")
                .replacing("${PLANTNET_API_KEY:-}", with: Self.secret)
                .split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("# ") }
                .joined(separator: "\n").utf8
        )
        var accepted = 0
        for iteration in 0..<80 {
            var bytes = original
            for _ in 0...Int.random(in: 0..<6, using: &random) { Self.mutate(&bytes, &random) }
            do throws(ConfigurationError) {
                let configuration = try loader.load(bytes: bytes, name: "config.yaml")
                accepted += 1
                #expect(!configuration.effectiveYAML().contains(Self.secret), "seed \(seed), iteration \(iteration)")
            } catch {
                let rendered = error.rendered()
                #expect(!error.diagnostics.isEmpty, "seed \(seed), iteration \(iteration)")
                // Where a mutation took the name from the key, nobody can know that it is one.
                if Self.hasNamedSecret(bytes) {
                    #expect(!rendered.contains(Self.secret), "seed \(seed), iteration \(iteration): \(rendered)")
                }
            }
        }
        #expect(accepted < 80)
    }

    private static func hasNamedSecret(_ bytes: [UInt8]) -> Bool {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.ranges(of: Self.secret).count == 1 && text.contains("    api_key: \(Self.secret)\n")
    }

    private static func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        guard !bytes.isEmpty else { return }
        let position = Int.random(in: 0..<bytes.count, using: &random)
        let length = min(Int.random(in: 0..<40, using: &random), bytes.count - position)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: bytes[position] = UInt8.random(in: 0...255, using: &random)
        case 1:
            bytes.insert(
                contentsOf: Self.snippets.randomElement(using: &random).map { Array($0.utf8) } ?? [],
                at: position
            )
        case 2: bytes.removeSubrange(position..<position + length)
        case 3:
            bytes.insert(
                contentsOf: bytes[position..<position + length],
                at: Int.random(in: 0..<bytes.count, using: &random)
            )
        case 4: bytes.removeSubrange(position...)
        default: bytes.swapAt(position, Int.random(in: 0..<bytes.count, using: &random))
        }
    }

    @Test func `bytes without any sense end well`() throws {
        var random = SplitMix(state: 0x57_42_FF)
        let loader = try Repository.loader()
        for length in 0..<300 {
            let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            let text = bytes.map { $0 & 0x7F }
            for bytes in [bytes, text] {
                #expect(throws: ConfigurationError.self) { try loader.load(bytes: bytes, name: "config.yaml") }
            }
        }
    }
}

/// A small generator whose numbers are the same on every machine.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
