// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// How long things took, in buckets that a scraper can add up: one histogram for each of a few kinds.
struct DurationHistograms: ~Copyable, Sendable {
    /// The highest duration of each bucket, from a neighbour that answers from memory to the longest default timeout.
    private static let bounds: [TimeAmount] = [
        .milliseconds(1), .microseconds(2500), .milliseconds(5), .milliseconds(10), .milliseconds(25),
        .milliseconds(50), .milliseconds(100), .milliseconds(250), .milliseconds(500), .seconds(1),
        .milliseconds(2500), .seconds(5), .seconds(10), .seconds(30), .seconds(60),
    ]
    /// A histogram's cells: its buckets, the one without a bound, and the sum in nanoseconds.
    private static let width = DurationHistograms.bounds.count + 2

    private let cells: Counters

    init(kinds: Int) {
        self.cells = Counters(count: kinds * Self.width)
    }

    func observe(_ duration: TimeAmount, kind: Int) {
        let base = kind * Self.width
        var bucket = 0
        for bound in Self.bounds {
            if duration <= bound { break }
            bucket += 1
        }
        self.cells.add(at: base + bucket)
        self.cells.add(UInt64(max(0, duration.nanoseconds)), at: base + Self.width - 1)
    }

    func sample(kind: Int) -> DurationSample {
        let base = kind * Self.width
        var total: UInt64 = 0
        let buckets = Self.bounds.indices.map { index in
            total += self.cells[base + index]
            return DurationSample.Bucket(bound: Double(Self.bounds[index].nanoseconds) / 1e9, count: total)
        }
        return DurationSample(
            buckets: buckets,
            count: total + self.cells[base + Self.bounds.count],
            sum: Double(self.cells[base + Self.width - 1]) / 1e9
        )
    }
}

/// A histogram as it was at one moment.
package struct DurationSample: Sendable, Equatable {
    package struct Bucket: Sendable, Equatable {
        /// Seconds, inclusive.
        package var bound: Double
        /// Observations up to the bound, those of the buckets below included.
        package var count: UInt64

        package init(bound: Double, count: UInt64) {
            self.bound = bound
            self.count = count
        }
    }

    package var buckets: [Bucket]
    package var count: UInt64
    /// Seconds.
    package var sum: Double

    package init(buckets: [Bucket], count: UInt64, sum: Double) {
        self.buckets = buckets
        self.count = count
        self.sum = sum
    }
}
