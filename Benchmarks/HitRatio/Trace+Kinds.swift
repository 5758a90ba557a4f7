// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

extension Trace {
    /// - Parameter keys: How many are asked for again and again; the cache has room for a tenth of them.
    static func all(keys: Int, requests: Int) -> [Trace] {
        let room = keys / 10
        let zipf = Zipf(count: keys)
        func trace(_ name: String, bound: Double = -0.5, _ next: (Int, inout Random) -> UInt64) -> Trace {
            var random = Random(seed: 1)
            return Trace(name: name, bound: bound, keys: (0..<requests).map { next($0, &random) })
        }
        // Keys that nobody asks for twice.
        func once(_ index: Int) -> UInt64 { 1 << 40 + UInt64(index) }
        func recent(_ index: Int, back distance: Double) -> UInt64 {
            1 << 41 + UInt64(max(0, Double(index) + 100 * Double(room) - distance))
        }
        /// Each key is asked for twice.
        func pairs(_ index: Int, apart distance: Int) -> UInt64 {
            recent(index / 2, back: index % 2 == 0 ? 0 : Double(distance))
        }
        let popular: (Int, inout Random) -> UInt64 = { UInt64(zipf.pick(&$1)) }
        var sizes = trace("Zipf(0.9), answers of 1 to 24 KiB", bound: 3, popular)
        sizes.meanWeight = 8192
        return [
            trace("Zipf(0.9)", bound: 3, popular),
            trace("Zipf(0.9), every fifth part a scan", bound: 3) { index, random in
                index % keys >= keys / 5 * 4 ? once(index) : popular(index, &random)
            },
            trace("Zipf(0.9), every fifth part the same scan", bound: 3) { index, random in
                index % keys >= keys / 5 * 4 ? once(index % keys) : popular(index, &random)
            },
            trace("Zipf(0.9), a tenth asked for once", bound: 3) { index, random in
                random.unit() < 0.1 ? once(index) : popular(index, &random)
            },
            sizes,
            trace("a loop a little too large") { index, _ in UInt64(index % (room * 5 / 4)) },
            trace("a loop three times too large") { index, _ in UInt64(index % (room * 3)) },
            trace("a loop that fits") { index, _ in UInt64(index % (room * 9 / 10)) },
            trace("what was new of late, exponential") { index, random in
                recent(Int(Double(index) * 0.3), back: -log(1 - random.unit()) * 0.3 * Double(room))
            },
            trace("what was new of late, Pareto") { index, random in
                recent(Int(Double(index) * 0.2), back: min(1e9, pow(1 - random.unit(), -1.25)))
            },
            trace("twice, soon") { index, _ in pairs(index, apart: room / 5) },
            trace("twice, at the edge of the room") { index, _ in pairs(index, apart: room * 9 / 20) },
            trace("Zipf(0.9) beside twice") { index, random in
                index % 2 == 0 ? pairs(index / 2, apart: room / 4) : popular(index, &random)
            },
            trace("churn: all that is popular changes") { index, random in
                Random.mixed(popular(index, &random) + UInt64(index / (5 * room)) << 32)
            },
            trace("churn: half of it changes") { index, random in
                let key = popular(index, &random)
                return key % 2 == 0 ? key : Random.mixed(key + UInt64(index / (10 * room)) << 32)
            },
            trace("churn: little by little") { index, random in popular(index, &random) + UInt64(index / 20) },
            trace("by turns Zipf(0.9) and twice") { index, random in
                index / (keys * 5) % 2 == 0 ? pairs(index, apart: room / 2) : popular(index, &random)
            },
            trace("everything alike") { _, random in random.next() % UInt64(keys) },
        ]
    }
}
