import ProxyConfiguration
import Testing
@Suite(.serialized) struct ScratchTests {
    @Test(arguments: [
        ("comments", String(repeating: "#\n", count: 5_000_000)),
        ("scalar", "a: " + String(repeating: "x", count: 10_000_000)),
        ("words", "a: " + String(repeating: "x ", count: 5_000_000)),
        ("quoted", "a: \"" + String(repeating: "\\n", count: 5_000_000)),
        ("lines", "a: |\n" + String(repeating: "  x\n", count: 2_500_000)),
        ("flow", "a: [" + String(repeating: "x,", count: 5_000_000)),
        ("flowkeys", "{" + String(repeating: "a:", count: 5_000_000)),
        ("open", String(repeating: "[", count: 10_000_000)),
        ("quest", String(repeating: "? ", count: 5_000_000)),
        ("anchors", "a:\n" + (0..<500_000).map { "- &a\($0) x\n" }.joined()),
        ("plainlines", "a: x\n" + String(repeating: "  x\n", count: 2_500_000)),
        ("blank", "a: x" + String(repeating: "\n", count: 10_000_000) + "b: c"),
        ("vars", "a: \"" + String(repeating: "${A}", count: 2_500_000) + "\""),
        ("tags", "a: !" + String(repeating: "x", count: 10_000_000) + " b"),
        ("upstreams", "upstreams:\n" + (0..<20000).map { "  u\($0): {url: http://h\($0)}\n" }.joined()),
        ("valid1000", "upstreams:\n" + (0..<1000).map { "  u\($0): {url: http://h\($0), cache: {ttl: 5m}}\n" }.joined()),
    ])
    func speed(_ name: String, _ text: String) throws {
        let loader = try Repository.loader(["A": "b"])
        let bytes = Array(text.utf8)
        let clock = ContinuousClock()
        var message = "ok"
        let time = clock.measure {
            do throws(ConfigurationError) { _ = try loader.load(bytes: bytes, name: "c.yaml") } catch { message = error.diagnostics[0].summary; _ = error.rendered() }
        }
        print("SPEED", name, bytes.count, time, message.prefix(150))
    }
}
