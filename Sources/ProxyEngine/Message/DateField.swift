// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPMessage
import NIOCore
import Synchronization

/// The field `Date` for answers that have none (RFC 9110, 6.6.1), made once a second.
enum DateField {
    private struct Latest {
        var second = 0
        var value = ""
        var line = ""

        mutating func refresh() {
            let now = time(nil)
            guard self.second != now else { return }
            self.second = now
            self.value = HTTPDate.imfFixdate(Int64(now))
            self.line = "Date: \(self.value)\r\n"
        }
    }

    private static let latest = Mutex(Latest())

    /// Seconds since 1970.
    static var seconds: Int64 { Int64(time(nil)) }

    /// Writes the whole line.
    static func write(to buffer: inout ByteBuffer) {
        self.latest.withLock { latest in
            latest.refresh()
            buffer.writeString(latest.line)
        }
    }

    static var now: String {
        self.latest.withLock { latest in
            latest.refresh()
            return latest.value
        }
    }
}
