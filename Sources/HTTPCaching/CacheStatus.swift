// SPDX-License-Identifier: Apache-2.0

/// What the cache did with one request, as the field `Cache-Status` says it (RFC 9211).
package enum CacheStatus: Hashable, Sendable {
    /// - Parameter timeToLive: Seconds for which the answer is still fresh.
    case hit(timeToLive: Int)
    /// - Parameters:
    ///   - status: What the upstream answered; nil where it did not.
    ///   - isStored: Whether its answer was stored.
    case forwarded(Reason, status: Int?, isStored: Bool)
    /// Answered by another request that was under way.
    case collapsed(Reason, status: Int?)

    /// Why a request had to go on to the upstream (RFC 9211, 2.2).
    package enum Reason: String, Sendable {
        /// The cache has nothing to do with the request.
        case bypass
        /// Its method is not one whose answers are stored.
        case method
        /// It asks for a new answer.
        case request
        /// Nothing is stored for it.
        case uriMiss = "uri-miss"
        /// What is stored is for other values of the fields that `Vary` names.
        case varyMiss = "vary-miss"
        /// What was stored is too old.
        case stale
    }
}

extension CacheStatus: CustomStringConvertible {
    /// The member for the field, such as `windbreak; fwd=uri-miss; fwd-status=200; stored`.
    package var description: String {
        switch self {
        case .hit(let timeToLive):
            return "windbreak; hit; ttl=\(timeToLive)"
        case .forwarded(.bypass, nil, false):
            // What every answer says where no cache is declared.
            return "windbreak; fwd=bypass"
        case .forwarded(let reason, let status, let isStored):
            return "windbreak; " + Self.forward(reason, status) + (isStored ? "; stored" : "")
        case .collapsed(let reason, let status):
            return "windbreak; " + Self.forward(reason, status) + "; collapsed"
        }
    }

    private static func forward(_ reason: Reason, _ status: Int?) -> String {
        "fwd=\(reason.rawValue)" + (status.map { "; fwd-status=\($0)" } ?? "")
    }
}
