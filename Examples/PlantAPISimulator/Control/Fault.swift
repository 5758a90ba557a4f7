// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1

/// A way to fail, and for how long.
struct Fault: Sendable {
    enum Mode: String, CaseIterable, Sendable {
        /// Works.
        case none
        /// Nobody listens any more, and standing connections are reset. On a shared port, or for a number of requests:
        /// the connection is reset when the request has arrived.
        case refuse
        /// Takes the request and says nothing.
        case stall
        /// Answers rightly, after `delay_ms`.
        case slow
        /// Answers with `status` and an error in the API's own manner.
        case status
        /// A maintenance page with status 200.
        case html
        /// Valid JSON with the right status that lacks the result.
        case thin
        /// 429: no credits, no quota.
        case throttle
        /// RST after half of the body.
        case reset
        /// FIN after half of the body.
        case truncate
        /// Status 200 and `"status":"FAILED"`.
        case failed
        /// Bytes that are not HTTP.
        case garbage
    }

    var mode: Mode = .none
    var status = 503
    var delayMilliseconds = 2000
    /// How many requests fail; nil: all.
    var remaining: Int?

    /// The answer as it would be, made worse.
    func applied(to reply: Reply, of api: API) -> Reply {
        var worse = reply
        switch self.mode {
        case .none: break
        case .refuse: worse.delivery = .reset
        case .stall: worse.delivery = .never
        case .slow: worse.delay = self.delayMilliseconds
        case .status: worse = self.error(HTTPResponseStatus(statusCode: self.status), of: api)
        case .html: worse = .html(.ok, "<!DOCTYPE html><title>Maintenance</title><p>We will be back soon.")
        case .thin: worse.body = Self.thin(api).serialized
        case .throttle: worse = self.throttled(api)
        case .reset: worse.delivery = .half(isReset: true)
        case .truncate: worse.delivery = .half(isReset: false)
        case .failed:
            var body = Self.thin(api)
            body.set("status", "FAILED")
            worse = .json(reply.status, body)
        case .garbage:
            worse.body = ByteBuffer(
                bytes: [0x16, 0x03, 0x01, 0x00, 0xFF, 0x0D, 0x0A, 0x0D, 0x0A] + Array("garbage\r\n\r\n".utf8)
            )
            worse.delivery = .notHTTP
        }
        if self.mode != .slow { worse.delay = reply.delay }
        return worse
    }

    private func error(_ status: HTTPResponseStatus, of api: API) -> Reply {
        switch api {
        case .plantID: .text(status, status.reasonPhrase)
        case .plantNet: PlantNetAnswer.error(status, status.reasonPhrase)
        }
    }

    private func throttled(_ api: API) -> Reply {
        switch api {
        case .plantID:
            return .text(
                .tooManyRequests,
                "The specified api key does not have sufficient number of available credits."
            )
        case .plantNet:
            var reply = PlantNetAnswer.error(.tooManyRequests, "Too Many Requests")
            reply.headers += PlantNetAnswer.quotaFields(quota: 500, remaining: 0, key: "simulator")
            return reply
        }
    }

    private static func thin(_ api: API) -> JSON {
        switch api {
        case .plantID:
            ["access_token": "thin", "model_version": "plant_id:5.0.0", "custom_id": nil, "status": "COMPLETED"]
        case .plantNet: ["query": ["project": "all"], "language": "en", "version": "2026-01-01 (7.3)"]
        }
    }

    var json: JSON {
        [
            "mode": .string(self.mode.rawValue), "status": .int(self.status), "delay_ms": .int(self.delayMilliseconds),
            "count": self.remaining.map { .int($0) } ?? .null,
        ]
    }
}
