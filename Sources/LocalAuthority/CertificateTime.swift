// SPDX-License-Identifier: Apache-2.0

/// An instant as certificates write it (RFC 5280, 4.1.2.5), by the proleptic Gregorian calendar.
enum CertificateTime {
    /// - Parameter seconds: Since 1970.
    static func encoded(_ seconds: Int) -> [UInt8] {
        let (days, second) = (seconds.flooredDivision(by: 86400), seconds.flooredRemainder(by: 86400))
        let (year, month, day) = Self.date(days)
        let rest = [month, day, second / 3600, second / 60 % 60, second % 60].map(Self.twoDigits).joined() + "Z"
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
        guard 1...12 ~= parts[1], 1...31 ~= parts[2], parts[3] < 24, parts[4] < 60, parts[5] < 60 else { return nil }
        let shortCentury = parts[0] < 50 ? 20 : 19
        let century = isLong ? pairs[0] : shortCentury
        let days = Self.days(century * 100 + parts[0], parts[1], parts[2])
        let (hours, minutes) = (parts[3], parts[4])
        return days * 86400 + hours * 3600 + minutes * 60 + parts[5]
    }

    private static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

    /// Years begin in March, so that the day that may be missing is the last.
    private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }

    private static func date(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = days + 719_468
        let (era, dayOfEra) = (shifted.flooredDivision(by: 146_097), shifted.flooredRemainder(by: 146_097))
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let position = (5 * dayOfYear + 2) / 153
        let month = position < 10 ? position + 3 : position - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * position + 2) / 5 + 1)
    }
}

extension Int {
    fileprivate func flooredDivision(by divisor: Int) -> Int { (self - self.flooredRemainder(by: divisor)) / divisor }

    fileprivate func flooredRemainder(by divisor: Int) -> Int {
        let remainder = self % divisor
        return remainder < 0 ? remainder + divisor : remainder
    }
}
