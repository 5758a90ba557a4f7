// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration

/// A request as the upstream gets it: another target, another host, and no field that was meant for this hop.
struct OutgoingRequest {
    let head: RequestHead
    let body: Body
    /// What the upstream may switch to.
    let upgrade: UpgradeOffer?
    /// The fields that are as the file has them, or gone by its word: behind the content they are not heard of either.
    private let decided: [String]
    /// The method that decides whether the answer has content.
    var method: HTTPMethod { self.head.method }

    /// What is said anew, if at all.
    private static let replaced: FieldNames = ["expect", "content-length", "host"]
    private static let forwarded: FieldNames = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"]

    /// - Parameter path: What follows the upstream's mount, with the query; `*` is the server as a whole.
    /// - Parameter host: The value of `Host`.
    init(_ request: Request, body: Body, path: Substring, to upstream: borrowing UpstreamConfiguration, host: String) {
        var fields = request.head.fields
        HopByHop.remove(from: &fields)
        self.upgrade = UpgradeOffer(request)
        if let upgrade {
            fields.add("Connection", "Upgrade")
            fields.add("Upgrade", upgrade.field)
        }
        fields.remove(Self.replaced)
        for name in upstream.requestHeaders.remove { fields.remove(name) }
        Self.addForwarded(&fields, request, upstream.forwardedHeaders)
        fields.add("Via", request.head.version.via)
        for field in upstream.requestHeaders.set { fields.set(field.name, field.value) }
        fields.add("Host", host)
        var target = path == "*" ? "*" : upstream.url.basePath + path
        if !target.hasPrefix("/"), target != "*" { target = "/" + target }
        if let key = upstream.apiKey?.revealed, !key.isEmpty {
            Self.place(key, upstream.auth, &fields, &target)
        }
        switch body {
        case .whole(let content):
            self.decided = []
            // RFC 9110, 8.6: a method that anticipates content says so even when there is none.
            if content.readableBytes > 0 || request.head.method.anticipatesContent {
                fields.add("Content-Length", String(content.readableBytes))
            }
        case .stream(let source):
            self.decided = upstream.requestHeaders.names + [upstream.auth?.header].compactMap(\.self)
            if let length = source.length {
                fields.add("Content-Length", String(length))
            } else {
                fields.add("Transfer-Encoding", "chunked")
            }
        }
        self.head = RequestHead(request.head.method, target, fields: fields)
        self.body = body
    }

    /// What of the fields behind the content goes on (RFC 9110, 6.5.1).
    func trailers(_ trailers: HeaderFields?) -> HeaderFields? {
        guard var trailers else { return nil }
        for name in self.decided { trailers.remove(name) }
        return trailers
    }

    private static func addForwarded(_ fields: inout HeaderFields, _ request: Request, _ rule: ForwardedHeaders) {
        let previous = rule == .append ? fields.values(of: "x-forwarded-for") : []
        let proto = rule == .append ? fields["x-forwarded-proto"] : nil
        let host = rule == .append ? fields["x-forwarded-host"] : nil
        fields.remove(Self.forwarded)
        guard rule != .remove else { return }
        let address = request.client.address
        fields.add("X-Forwarded-For", previous.isEmpty ? address : (previous + [address]).joined(separator: ", "))
        fields.add("X-Forwarded-Proto", proto ?? (request.client.isTLS ? "https" : "http"))
        if let host = host ?? request.head.fields["host"] { fields.add("X-Forwarded-Host", host) }
    }

    private static func place(
        _ key: String,
        _ placement: CredentialPlacement?,
        _ fields: inout HeaderFields,
        _ target: inout String
    ) {
        switch placement {
        case .header(let name):
            fields.set(name, key)
        case .query(let name):
            guard target != "*" else { return }
            let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
            let others = (parts.count > 1 ? parts[1] : "").split(separator: "&").filter { parameter in
                // However it is encoded, an upstream would read it as the credential.
                let decoded = PercentEncoding.decode(parameter.prefix { $0 != "=" })
                return !String(decoding: decoded, as: UTF8.self).equalsIgnoringCase(name)
            }
            target = parts[0] + "?" + (others + ["\(name)=\(PercentEncoding.queryValue(key))"]).joined(separator: "&")
        case nil:
            break
        }
    }
}

extension HTTPMethod {
    fileprivate var anticipatesContent: Bool { self == .post || self == .put || self.rawValue == "PATCH" }
}
