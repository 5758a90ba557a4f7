// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// An instant as certificates write it (RFC 5280, 4.1.2.5), by the proleptic Gregorian calendar.
enum CertificateTime {
    /// - Parameter seconds: Since 1970.
    static func encoded(_ seconds: Int) -> [UInt8] {
        let time = CivilTime(Int64(seconds))
        let year = time.year
        let rest = [time.month, time.day, time.hour, time.minute, time.second].map(Self.twoDigits).joined() + "Z"
        // Two digits of the year stand for 1950 to 2049.
        return 1950..<2050 ~= year
            ? DER.node(0x17, Array((Self.twoDigits(year % 100) + rest).utf8))
            : DER.node(0x18, Array((Self.twoDigits(year / 100) + Self.twoDigits(year % 100) + rest).utf8))
    }

    /// Seconds since 1970, or nil if it is no time that a certificate may have.
    static func seconds(_ node: DERNode) -> Int? {
        let isLong = node.tag == 0x18
        guard isLong || node.tag == 0x17, node.content.count == (isLong ? 15 : 13), node.content.last == 0x5A else {
            return nil
        }
        var digits: [Int] = []
        for octet in node.content.dropLast() {
            guard 0x30...0x39 ~= octet else { return nil }
            digits.append(Int(octet) - 0x30)
        }
        var pairs: [Int] = []
        for position in stride(from: 0, to: digits.count, by: 2) {
            pairs.append(digits[position] * 10 + digits[position + 1])
        }
        let parts = Array(pairs.suffix(6))
        let shortCentury = parts[0] < 50 ? 20 : 19
        let century = isLong ? pairs[0] : shortCentury
        let time = CivilTime(
            year: century * 100 + parts[0],
            month: parts[1],
            day: parts[2],
            hour: parts[3],
            minute: parts[4],
            second: parts[5]
        )
        return time.flatMap { $0.second < 60 ? Int($0.seconds) : nil }
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
