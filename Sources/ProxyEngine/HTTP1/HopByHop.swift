// SPDX-License-Identifier: Apache-2.0

import HTTPMessage

/// Fields that end at this proxy (RFC 9110, 7.6.1).
enum HopByHop {
    /// What is for this proxy alone: the token of who may use it.
    static let token = "x-windbreak-token"

    static let names: FieldNames = [
        "connection", "keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization",
        "proxy-authentication-info", "te", "transfer-encoding", "upgrade", "http2-settings",
        token,
    ]

    /// Fields that a peer cannot take away by naming them in `Connection`: what they say is for the other end.
    private static let protected = [
        "host", "content-length", "content-type", "via", "cache-control", "date", "authorization",
    ]

    static func remove(from fields: inout HeaderFields) {
        let nominated = Self.nominated(by: fields)
        fields.remove(Self.names)
        fields.remove(nominated)
    }

    /// The fields that a message says are for its connection only, wherever in it they stand.
    static func nominated(by fields: HeaderFields) -> FieldNames {
        var nominated: [String] = []
        fields.forEachMember(of: "connection") { member in
            if Self.isNomination(member) { nominated.append(String(decoding: member, as: UTF8.self)) }
        }
        return FieldNames(nominated)
    }

    private static func isNomination(_ member: UnsafeRawBufferPointer) -> Bool {
        !member.equalsIgnoringCase("close") && !member.equalsIgnoringCase("keep-alive")
            && !Self.protected.contains { member.equalsIgnoringCase($0) }
    }
}
