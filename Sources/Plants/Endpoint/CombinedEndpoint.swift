// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
package import Logging
import NIOCore
package import ProxyConfiguration
package import ProxyEngine

/// One photo in, the merged answer of several APIs out.
///
/// The legs run at once, on the event loop of the request, and each is an exchange like any other: cache, collapse and
/// circuit are its own. Nobody looks at a circuit beforehand; a leg that is not let through says so itself.
package struct CombinedEndpoint: LocalHandler {
    private let configuration: CombinedConfiguration
    private let legs: [Leg]
    private let log: CombinedLog

    /// - Parameter legs: The upstreams of `configuration.legs`, in that order. One without an `identify` mapping is left
    ///   out.
    package init(_ configuration: CombinedConfiguration, legs: [Upstream], logger: Logger) {
        self.configuration = configuration
        self.legs = legs.compactMap(Leg.init)
        self.log = CombinedLog(name: configuration.name, logger: logger)
    }

    /// All images in base64, which makes four octets of three, and what stands around them.
    package var maxBody: Int {
        (self.configuration.maxImage + 2) / 3 * 4 * self.configuration.maxImages + 1 << 20
    }

    package func respond(to request: LocalRequest) async -> LocalResponse {
        let start = ContinuousClock.now
        let cap = NIODeadline.now() + TimeAmount(self.configuration.deadline)
        do throws(CallerError) {
            let calls = try self.calls(for: request)
            let fanOut = FanOut(
                calls: calls,
                request: request,
                cap: cap,
                deadline: start.advanced(by: self.configuration.deadline),
                log: self.log.of(request.id)
            )
            let outcomes = await fanOut.outcomes()
            let report = CombinedReport(outcomes, legs: self.legs.map(\.name), total: start.duration(to: .now))
            fanOut.log.completed(in: report.total)
            return LocalResponse(report)
        } catch {
            return LocalResponse(error)
        }
    }

    /// What is sent to each leg, or why nothing is.
    private func calls(for request: LocalRequest) throws(CallerError) -> [LegCall] {
        let identify = try IdentifyRequest(
            contentType: request.head.fields["content-type"],
            query: request.query,
            content: request.body,
            limits: self.configuration
        )
        let credentials = CallerCredentials(request)
        let calls = self.legs.map { $0.call(for: identify, with: credentials) }
        if !calls.contains(where: { $0.request != nil }) {
            let names = self.legs.map(\.name).joined(separator: ", ")
            throw CallerError(.unsupportedImage, "none of \(names) takes images of this kind")
        }
        return calls
    }
}

extension LocalResponse {
    fileprivate init(_ report: CombinedReport) {
        self.init(report.status, json: report.json)
        if let seconds = report.retryAfter { self.fields.add("Retry-After", String(seconds)) }
        self.reason = report.reason
    }

    /// The problem document (RFC 9457) of a request that cannot be put to any API.
    fileprivate init(_ error: CallerError) {
        let problem: JSON = [
            "type": .string("urn:windbreak:problem:\(error.kind.rawValue)"),
            "title": .string(error.title),
            "status": .int(error.status),
            "detail": .string(error.detail),
            "upstream": .null,
            "reason": .string(error.kind.rawValue),
        ]
        self.init(error.status, json: problem)
        self.fields.set("Content-Type", "application/problem+json")
        self.fields.add(
            "Proxy-Status",
            "windbreak; error=http_request_error; details=\(StructuredString(error.detail))"
        )
        self.reason = error.kind.rawValue
    }
}
