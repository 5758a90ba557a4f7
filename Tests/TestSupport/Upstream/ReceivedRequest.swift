// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage
package import NIOCore

/// A request exactly as it came over the wire.
package struct ReceivedRequest: Sendable {
    /// Every octet up to and including the empty line.
    package var rawHead: String
    package var method: String
    package var target: String
    package var fields: HeaderFields
    package var body = ByteBuffer()
    package var trailers: HeaderFields = [:]
    /// Which of the upstream's connections brought it, from 0.
    package var connection: Int

    package var bodyText: String { String(buffer: self.body) }
}
