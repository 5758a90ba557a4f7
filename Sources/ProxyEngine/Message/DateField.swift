// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPMessage
import NIOCore
import Synchronization

/// The field `Date` for answers that have none (RFC 9110, 6.6.1), made once a second.
enum DateField {
    private static let latest = Mutex<(second: Int, text: String)>((0, ""))

    /// Seconds since 1970.
    static var seconds: Int64 { Int64(time(nil)) }

    /// Writes the whole line.
    static func write(to buffer: inout ByteBuffer) {
        let second = time(nil)
        self.latest.withLock { latest in
            if latest.second != second { latest = (second, "Date: \(HTTPDate.imfFixdate(Int64(second)))\r\n") }
            buffer.writeString(latest.text)
        }
    }
}
