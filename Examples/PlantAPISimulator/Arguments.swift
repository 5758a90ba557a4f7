// SPDX-License-Identifier: Apache-2.0

/// What the command line says.
struct Arguments: Sendable {
    /// One port for both APIs, in place of one each.
    var sharedPort: Int?
    var plantIDPort = 8601
    var plantNetPort = 8602
    var adminPort = 8603
    /// How long every answer takes at least.
    var latencyMilliseconds = 0
    /// Identifications that one key pays for at Plant.id, ever.
    var credits = 100_000
    /// Identifications that one key may make at Pl@ntNet, a day.
    var quota = 100_000
    var wantsHelp = false

    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    static let usage = """
        usage: plant-api-simulator [options]

          --port N            both APIs on one port
          --plant-id-port N   Plant.id alone (default 8601)
          --plantnet-port N   Pl@ntNet alone (default 8602)
          --admin-port N      counters and faults (default 8603)
          --latency-ms N      how long an answer takes (default 0)
          --credits N         what a key of Plant.id may spend (default 100000)
          --quota N           what a key of Pl@ntNet may spend a day (default 100000)

        Port 0 lets the system choose. The addresses are printed, one a line, then `ready`.
        Every port is on 127.0.0.1.
        """

    init(_ words: some Sequence<String>) throws(Mistake) {
        var words = words.makeIterator()
        while let word = words.next() {
            switch word {
            case "--port": self.sharedPort = try Self.number(after: word, words.next(), in: 0...65535)
            case "--plant-id-port": self.plantIDPort = try Self.number(after: word, words.next(), in: 0...65535)
            case "--plantnet-port": self.plantNetPort = try Self.number(after: word, words.next(), in: 0...65535)
            case "--admin-port": self.adminPort = try Self.number(after: word, words.next(), in: 0...65535)
            case "--latency-ms":
                self.latencyMilliseconds = try Self.number(after: word, words.next(), in: 0...600_000)
            case "--credits": self.credits = try Self.number(after: word, words.next(), in: 0...1_000_000_000)
            case "--quota": self.quota = try Self.number(after: word, words.next(), in: 0...1_000_000_000)
            case "--help", "-h": self.wantsHelp = true
            default: throw Mistake(description: "unknown option \(word)")
            }
        }
    }

    private static func number(
        after option: String,
        _ word: String?,
        in range: ClosedRange<Int>
    ) throws(Mistake) -> Int {
        guard let word, let number = Int(word), range.contains(number) else {
            throw Mistake(description: "\(option) needs a number in \(range.lowerBound)...\(range.upperBound)")
        }
        return number
    }
}
