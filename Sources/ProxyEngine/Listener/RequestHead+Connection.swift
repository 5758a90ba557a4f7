// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

extension RequestHead {
    /// Whether the client holds its content back until it is asked for it (RFC 9110, 10.1.1).
    var expectsContinue: Bool {
        self.version >= .http1_1 && self.fields.list("expect", contains: "100-continue")
    }

    /// RFC 9112, 9.3. What follows a CONNECT was meant for the tunnel, and must not be read as a request when there is none.
    var wantsKeepAlive: Bool {
        self.method != .connect && self.fields.keepAlive(in: self.version)
    }
}
