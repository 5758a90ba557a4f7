// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Testing

@testable import ProxyEngine

@Suite struct BodyFramingTests {
    private func ofRequest(_ fields: HeaderFields, version: HTTPVersion = .http1_1) throws -> BodyFraming {
        try BodyFraming.ofRequest(RequestHead(.post, "/", fields: fields, version: version))
    }

    private func ofResponse(_ status: Int, _ fields: HeaderFields, to method: HTTPMethod = .get) throws -> BodyFraming {
        try BodyFraming.ofResponse(ResponseHead(status, fields: fields), to: method)
    }

    @Test func aRequestHasWhatItsFieldsSay() throws {
        #expect(try self.ofRequest([:]) == .none)
        #expect(try self.ofRequest(["Content-Length": "0"]) == .none)
        #expect(try self.ofRequest(["Content-Length": "42"]) == .length(42))
        #expect(try self.ofRequest(["Content-Length": "007"]) == .length(7))
        #expect(try self.ofRequest(["Transfer-Encoding": "chunked"]) == .chunked)
        #expect(try self.ofRequest(["transfer-encoding": "Chunked"]) == .chunked)
    }

    @Test(
        arguments: [
            ["Content-Length": "5", "Transfer-Encoding": "chunked"], ["Content-Length": "5", "Content-Length": "6"],
            ["Content-Length": "5", "Content-Length": "5"], ["Content-Length": "5, 5"], ["Content-Length": "5,6"],
            ["Content-Length": ""], ["Content-Length": "-5"], ["Content-Length": "+5"], ["Content-Length": "0x5"],
            ["Content-Length": "5 5"], ["Content-Length": "5.0"], ["Content-Length": "5;"], ["Content-Length": "five"],
            ["Content-Length": "99999999999999999999"], ["Content-Length": "18446744073709551621"],
            ["Content-Length": "\u{665}"], ["Content-Length": "5", "Content-Length": ""],
            ["Transfer-Encoding": ""], ["Transfer-Encoding": "identity"], ["Transfer-Encoding": "gzip"],
            ["Transfer-Encoding": "gzip, chunked"], ["Transfer-Encoding": "chunked, chunked"],
            ["Transfer-Encoding": "chunked, identity"], ["Transfer-Encoding": "chunked,"],
            ["Transfer-Encoding": ",chunked"],
            ["Transfer-Encoding": "xchunked"], ["Transfer-Encoding": "\"chunked\""],
            ["Transfer-Encoding": "chunked;q=1"],
            ["Transfer-Encoding": "chunked", "Transfer-Encoding": "chunked"],
            ["Transfer-Encoding": "identity", "Transfer-Encoding": "chunked"], ["Transfer-Encoding": "chun\u{212A}ed"],
        ] as [HeaderFields]
    )
    func aRequestWithTwoMeaningsIsRefused(_ fields: HeaderFields) {
        #expect(throws: HTTP1Error.self) { try self.ofRequest(fields) }
    }

    @Test func aRequestOfHTTP10HasNoTransferEncoding() throws {
        #expect(throws: HTTP1Error.self) { try self.ofRequest(["Transfer-Encoding": "chunked"], version: .http1_0) }
        #expect(try self.ofRequest(["Content-Length": "3"], version: .http1_0) == .length(3))
    }

    @Test func aResponseHasWhatItsStatusAndMethodAllow() throws {
        #expect(try self.ofResponse(200, ["Content-Length": "5"], to: .head) == .none)
        #expect(try self.ofResponse(204, ["Content-Length": "5"]) == .none)
        #expect(try self.ofResponse(304, ["Transfer-Encoding": "chunked"]) == .none)
        #expect(try self.ofResponse(103, [:]) == .none)
        #expect(try self.ofResponse(200, ["Content-Length": "0"]) == .none)
        #expect(try self.ofResponse(500, ["Content-Length": "5"]) == .length(5))
        #expect(try self.ofResponse(200, ["Content-Length": "5", "Content-Length": "5"]) == .length(5))
        #expect(try self.ofResponse(200, ["Transfer-Encoding": "chunked"]) == .chunked)
        #expect(try self.ofResponse(200, [:]) == .untilClose)
    }

    @Test(
        arguments: [
            ["Content-Length": "5", "Transfer-Encoding": "chunked"], ["Content-Length": "5", "Content-Length": "6"],
            ["Content-Length": "x"], ["Content-Length": "-1"], ["Transfer-Encoding": "gzip"],
            ["Transfer-Encoding": "chunked, gzip"], ["Transfer-Encoding": "chunked", "Transfer-Encoding": "chunked"],
        ] as [HeaderFields]
    )
    func aResponseWithTwoMeaningsIsRefused(_ fields: HeaderFields) {
        #expect(throws: HTTP1Error.self) { try self.ofResponse(200, fields) }
    }

    @Test func aResponseOfHTTP10HasNoTransferEncoding() {
        let head = ResponseHead(200, fields: ["Transfer-Encoding": "chunked"], version: .http1_0)
        #expect(throws: HTTP1Error.self) { try BodyFraming.ofResponse(head, to: .get) }
    }
}
