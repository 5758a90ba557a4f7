// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPMessage
import Synchronization

/// The value of `Date` for answers that have none (RFC 9110, 6.6.1), made once a second.
enum DateField {
    private static let latest = Mutex<(second: Int, text: String)>((0, ""))

    static var now: String {
        let second = timespec.now.tv_sec
        return self.latest.withLock { latest in
            if latest.second != second { latest = (second, HTTPDate.imfFixdate(Int64(second))) }
            return latest.text
        }
    }
}
