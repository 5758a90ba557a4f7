// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import ProxyConfiguration

@Suite struct QuantityTests {
    @Test(arguments: [
        ("250ms", 250, "250ms"), ("30s", 30000, "30s"), ("60s", 60000, "60s"), ("5m", 300_000, "5m"),
        ("24h", 86_400_000, "24h"), ("7d", 604_800_000, "7d"), ("0", 0, "0ms"), ("90m", 5_400_000, "90m"),
        ("1500ms", 1500, "1500ms"),
    ])
    func `a duration has a unit`(_ written: String, _ milliseconds: Int, _ shown: String) {
        guard case .value(let duration) = Quantity.duration(written) else {
            Issue.record("\(written) is not read")
            return
        }
        #expect(duration == .milliseconds(milliseconds))
        #expect(Quantity.text(duration) == shown)
    }

    @Test(arguments: [
        ("500B", 500, "500B"), ("64KiB", 65536, "64KiB"), ("10MiB", 10 << 20, "10MiB"), ("1GiB", 1 << 30, "1GiB"),
        ("10MB", 10_000_000, "10000000B"), ("2KB", 2000, "2000B"), ("0", 0, "0B"),
    ])
    func `a size has a unit`(_ written: String, _ bytes: Int, _ shown: String) {
        guard case .value(let size) = Quantity.size(written) else {
            Issue.record("\(written) is not read")
            return
        }
        #expect(size == bytes)
        #expect(Quantity.text(size) == shown)
    }

    @Test(arguments: [
        "", "s", "-1s", "+1s", "1 s", "1S", "1.5s", "1e3s", "\u{661}s", "99999999999999999999s", "9223372036854775807d",
    ])
    func `anything else is no duration`(_ written: String) {
        guard case .invalid = Quantity.duration(written) else {
            Issue.record("\(written) is read")
            return
        }
    }

    @Test(arguments: [
        ("fail-max", "fail_max"), ("fial_max", "fail_max"), ("failmax", "fail_max"), ("metods", "methods"),
        ("warn", "warning"),
    ])
    func `a slip of the finger is recognised`(_ written: String, _ meant: String) {
        let words = ["fail_max", "reset_timeout", "methods", "mode", "warning"]
        #expect(EditDistance.suggestion(for: written, among: words) == meant)
        #expect(EditDistance.suggestion(for: "colour", among: words) == nil)
    }
}
