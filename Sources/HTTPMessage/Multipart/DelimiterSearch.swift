// SPDX-License-Identifier: Apache-2.0

/// Finds the lines with the boundary by Horspool's algorithm, which looks at about one octet of a photo in a
/// delimiter's length.
///
/// A candidate is compared from its beginning. A carriage return stands nowhere else in a delimiter, so no content can
/// make that comparison long again and again.
struct DelimiterSearch {
    /// CRLF, two hyphens and the boundary.
    let delimiter: [UInt8]
    private let shifts: [Int]

    init(boundary: String) {
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var shifts = [Int](repeating: delimiter.count, count: 256)
        for (index, byte) in delimiter.dropLast().enumerated() { shifts[Int(byte)] = delimiter.count - 1 - index }
        self.delimiter = delimiter
        self.shifts = shifts
    }

    func first(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        let length = self.delimiter.count
        return self.delimiter.withUnsafeBytes { delimiter in
            self.shifts.withUnsafeBufferPointer { shifts in
                var position = start
                while position + length <= bytes.count {
                    var matched = 0
                    while matched < length, bytes[position + matched] == delimiter[matched] { matched += 1 }
                    if matched == length { return position }
                    position += shifts[Int(bytes[position + length - 1])]
                }
                return nil
            }
        }
    }
}
