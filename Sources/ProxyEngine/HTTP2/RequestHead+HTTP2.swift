// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOHPACK

/// Why a header section is no request.
enum HTTP2Rejection: Error, Hashable {
    /// RFC 9113, 8.1.1: the stream is reset.
    case malformed
    /// It is understood, and answered.
    case refused(HTTP1Error)
}

extension RequestHead {
    /// The request as HTTP/1.1 would have it: `:authority` is `Host`, and what only HTTP/2 can say is refused.
    ///
    /// What RFC 9113, 8.2 and 8.3, say of names and pseudo-fields was checked where the section was received.
    init(_ section: HPACKHeaders, limits: HeadLimits) throws(HTTP2Rejection) {
        var builder = RequestBuilder(limits: limits)
        for (name, value, _) in section { try builder.add(name, value) }
        self = try builder.head()
    }
}

/// Puts a request head together from the fields of a header section.
private struct RequestBuilder {
    private let limits: HeadLimits
    private var method = ""
    private var path = ""
    private var scheme = ""
    private var authority: String?
    private var host: String?
    private var cookies: [String] = []
    private var fields = HeaderFields(reservingBytes: 512, fields: 16)
    private var count = 0
    private var bytes = 0

    init(limits: HeadLimits) { self.limits = limits }

    mutating func add(_ name: String, _ value: String) throws(HTTP2Rejection) {
        guard name.utf8.first != 0x3A else { return self.addPseudoField(name, value) }
        self.count += 1
        self.bytes += name.utf8.count + value.utf8.count + 4
        guard self.count <= self.limits.count, self.bytes <= self.limits.fields else { throw .refused(.headTooLarge) }
        guard value.utf8.isFieldValue else { throw .malformed }
        guard !value.utf8.hasReplacement else { throw .refused(.malformed("a field value is not UTF-8")) }
        switch name {
        case "host":
            guard self.host == nil else { throw .malformed }
            self.host = value
        case "cookie":
            self.cookies.append(value)
        default:
            if !FieldLines.isLookalike(name) { self.fields.add(name, value) }
        }
    }

    private mutating func addPseudoField(_ name: String, _ value: String) {
        switch name {
        case ":method": self.method = value
        case ":path": self.path = value
        case ":scheme": self.scheme = value
        case ":authority": self.authority = value
        default: break
        }
    }

    mutating func head() throws(HTTP2Rejection) -> RequestHead {
        guard self.method.utf8.count <= 32, !self.method.isEmpty, self.method.utf8.allSatisfy(\.isTokenCharacter) else {
            throw .malformed
        }
        let authority = try self.checkedAuthority()
        try self.checkLength()
        // RFC 9113, 8.2.3: HTTP/1 knows one line of cookies only.
        if !self.cookies.isEmpty { self.fields.add("cookie", self.cookies.joined(separator: "; ")) }
        self.fields.add("Host", authority)
        let method = HTTPMethod(rawValue: self.method)
        let target = method == .connect ? authority : self.path
        guard target.utf8.count + self.method.utf8.count + 10 <= self.limits.line else {
            throw .refused(.targetTooLong)
        }
        if method != .connect {
            try self.checkPath(method)
        } else if self.fields.contains("content-length") {
            throw .refused(.malformed("CONNECT has no content"))
        }
        return RequestHead(method, target, fields: self.fields, version: .http2)
    }

    /// RFC 9113, 8.3.1: what a Host says beside `:authority` is of no effect, and must not be something else.
    private func checkedAuthority() throws(HTTP2Rejection) -> String {
        if let authority, let host, !authority.equalsIgnoringCase(host) { throw .malformed }
        guard let authority = self.authority ?? self.host else { throw .refused(.malformed("Host is missing")) }
        guard Authority(authority[...]) != nil else { throw .malformed }
        return authority
    }

    /// RFC 9113, 8.1.1: the codec compares the number with what comes, and takes for one what is none.
    private func checkLength() throws(HTTP2Rejection) {
        do throws(HTTP1Error) {
            _ = try BodyFraming.contentLength(self.fields, tolerateRepetition: true)
        } catch {
            throw .malformed
        }
    }

    private func checkPath(_ method: HTTPMethod) throws(HTTP2Rejection) {
        guard self.scheme.equalsIgnoringCase("http") || self.scheme.equalsIgnoringCase("https") else {
            throw .refused(.malformed("only http and https are spoken here"))
        }
        guard self.path.utf8.first == 0x2F || self.path == "*" && method == .options,
            self.path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x23 })
        else { throw .malformed }
    }
}

extension String.UTF8View {
    /// As HTTP/1 takes it, for it may go on so: without control characters, nor white space at either end.
    var isFieldValue: Bool {
        guard let first = self.first, let last = self.last else { return true }
        return first != 0x20 && first != 0x09 && last != 0x20 && last != 0x09
            && self.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
    }
}
