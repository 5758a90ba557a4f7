// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import ProxyConfiguration
import Resilience

extension ResponseRules {
    /// Whether a success may turn out to be none by what it says.
    var judgesContent: Bool { self.expect == .json || !self.failedWhen.isEmpty }

    /// What a status alone says about the upstream.
    ///
    /// 501 and 505 tell about the request, not about the upstream's health, unless the file takes them back; every other
    /// 4xx or 5xx that is not excluded is a failure.
    func outcome(of status: Int) -> Outcome {
        if self.throttled.contains(status), !self.exclude.takesBack(status) { return .throttled }
        if self.exclude.contains(status) { return .excluded }
        switch status {
        case ..<400: return .success
        case 501, 505: return self.exclude.takesBack(status) ? .failure(.status) : .excluded
        default: return .failure(.status)
        }
    }
}

/// Judges a response by its status and, where the rules ask for it, by its content, which passes by unchanged.
struct ResponseJudge {
    private let byStatus: Outcome
    private let rules: ResponseRules
    private let isExpected: ((ByteBuffer) -> Bool)?
    private let isInspected: Bool
    private var content = ByteBuffer()
    private var isTooLarge = false

    /// Content beyond this is not read for meaning: nobody's error page is that long, and parsing takes time of the loop.
    private static let limit = 1 << 20

    /// - Parameter isExpected: What the one who asks knows of the content beside the rules.
    init(
        _ rules: ResponseRules,
        head: ResponseHead,
        to method: HTTPMethod,
        expecting isExpected: ((ByteBuffer) -> Bool)? = nil
    ) {
        self.rules = rules
        self.isExpected = isExpected
        self.byStatus = rules.outcome(of: head.status)
        let encoding = head.fields["content-encoding"] ?? "identity"
        self.isInspected =
            self.byStatus == .success && Self.hasWholeContent(head.status, to: method)
            && (rules.judgesContent || isExpected != nil)
            // Compressed content is the upstream's own business; its status has to do.
            && encoding.equalsIgnoringCase("identity")
    }

    /// Answers to HEAD, 204 and 205 have no content to judge, and 206 has a part, or several with what is between them.
    private static func hasWholeContent(_ status: Int, to method: HTTPMethod) -> Bool {
        200...299 ~= status && ![204, 205, 206].contains(status) && method != .head
    }

    mutating func see(_ piece: ByteBuffer) {
        guard self.isInspected, !self.isTooLarge else { return }
        var piece = piece
        if self.content.readableBytes + piece.readableBytes > Self.limit {
            self.isTooLarge = true
            self.content = ByteBuffer()
        } else if self.content.readableBytes == 0 {
            self.content = piece
        } else {
            self.content.writeBuffer(&piece)
        }
    }

    /// Asked at the end of complete content.
    var verdict: Outcome {
        guard self.isInspected, !self.isTooLarge else { return self.byStatus }
        if let isExpected, !isExpected(self.content) { return .failure(.body) }
        guard let json = try? JSON(parsing: self.content.readableBytesView) else {
            return self.rules.expect == .json ? .failure(.body) : self.byStatus
        }
        let hasFailed = self.rules.failedWhen.contains { json[pointer: $0.pointer]?.text == $0.equals }
        return hasFailed ? .failure(.body) : self.byStatus
    }
}

extension JSON {
    /// A scalar as the configuration would write it.
    fileprivate var text: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .bool(let value): value ? "true" : "false"
        case .null: "null"
        case .array, .object: nil
        }
    }
}
