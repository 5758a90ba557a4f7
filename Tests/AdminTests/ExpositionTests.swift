// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Resilience
import Testing

@testable import Admin
@testable import ProxyEngine

@Suite("Exposition")
struct ExpositionTests {
    @Test("is written as Prometheus reads it, to the letter")
    func golden() {
        let text = Self.example.text
        let (found, wanted) = (text.split(separator: "\n"), Self.golden.split(separator: "\n"))
        for (one, other) in zip(found, wanted) where one != other {
            Issue.record("\(one)\ninstead of\n\(other)")
        }
        #expect(text == Self.golden)
    }

    @Test("has each family once, with its help and type before its samples")
    func families() {
        var seen: Set<Substring> = []
        var current: Substring = ""
        for line in Self.example.text.split(separator: "\n") {
            if line.hasPrefix("# HELP ") {
                current = line.dropFirst(7).prefix { $0 != " " }
                #expect(seen.insert(current).inserted, "\(current) twice")
            } else if line.hasPrefix("# TYPE ") {
                #expect(line.dropFirst(7).hasPrefix("\(current) "))
            } else {
                #expect(line.hasPrefix(current))
            }
        }
    }

    @Test("escapes what would end a label or a line")
    func escaping() {
        var text = PrometheusText()
        text.family("a", .gauge, "one\ntwo \\ \"three\"")
        text.sample("a", ["b": "quote \" backslash \\ line\nend é"], 1)
        #expect(
            text.text == #"""
                # HELP a one\ntwo \\ "three"
                # TYPE a gauge
                a{b="quote \" backslash \\ line\nend é"} 1

                """#
        )
    }

    @Test(
        "writes numbers that read back as the same",
        arguments: [
            (0.0025, "0.0025"), (1, "1"), (-2, "-2"), (41.2, "41.2"), (1_767_225_600.5, "1767225600.5"),
            (1e300, "1e+300"),
            (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        ] as [(Double, String)]
    )
    func numbers(value: Double, text: String) {
        #expect(PrometheusText.number(value) == text)
    }
}
