// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

extension HeaderFields {
    /// Whether a connection outlives a message of this version with these fields (RFC 9112, 9.3): whoever says `close` says
    /// it last, in HTTP/1.0 too.
    func keepAlive(in version: HTTPVersion) -> Bool {
        guard self.contains("connection") else { return version >= .http1_1 }
        if self.list("connection", contains: "close") { return false }
        return version >= .http1_1 || self.list("connection", contains: "keep-alive")
    }
}
