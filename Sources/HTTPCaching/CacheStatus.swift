// SPDX-License-Identifier: Apache-2.0

package import HTTPMessage

/// What the cache did with one request, as the field `Cache-Status` says it (RFC 9211).
package struct CacheStatus: Hashable, Sendable {
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
        /// What is stored is a part that lacks some of what is asked for.
        case partial
    }

    /// What else there is to know (RFC 9211, 2.8).
    package enum Detail: String, Sendable {
        /// A stale answer stands in for an error.
        case staleIfError = "stale-if-error"
        /// A stale answer is served while a new one is fetched.
        case staleWhileRevalidate = "stale-while-revalidate"
        /// The client takes a stale answer.
        case maxStale = "max-stale"
        /// The upstream has just failed, and is left alone for a while.
        case holdDown = "hold-down"
        case circuitOpen = "circuit-open"
        /// Answers to such requests were found not to be storable, so that they are not kept waiting for each other.
        case hitForMiss = "hit-for-miss"
        /// The client wanted nothing but a stored answer.
        case onlyIfCached = "only-if-cached"
    }

    private enum Course: Hashable {
        /// The answer came out of the store, and nobody was asked.
        case hit
        case forwarded(Reason)
        /// Neither: nothing was there, and nobody was to be asked.
        case refused
    }

    private let course: Course
    /// What the upstream answered.
    package var forwardStatus: Int?
    /// Seconds for which the answer is still fresh; below zero, for which it has been stale.
    package var timeToLive: Int?
    package var isStored = false
    /// Whether it was answered by another request that was under way.
    package var isCollapsed = false
    package var key: CacheKey?
    package var detail: Detail?

    private init(_ course: Course) { self.course = course }

    package static func hit(timeToLive: Int, key: CacheKey? = nil, detail: Detail? = nil) -> CacheStatus {
        var status = CacheStatus(.hit)
        status.timeToLive = timeToLive
        status.key = key
        status.detail = detail
        return status
    }

    /// - Parameters:
    ///   - status: What the upstream answered; nil where it did not.
    ///   - isStored: Whether its answer was stored.
    package static func forwarded(_ reason: Reason, status: Int? = nil, isStored: Bool = false) -> CacheStatus {
        var forwarded = CacheStatus(.forwarded(reason))
        forwarded.forwardStatus = status
        forwarded.isStored = isStored
        return forwarded
    }

    /// - Parameter detail: Why nobody was asked.
    package static func refused(_ detail: Detail) -> CacheStatus {
        var status = CacheStatus(.refused)
        status.detail = detail
        return status
    }
}

extension CacheStatus {
    /// Writes the member for the field, such as `windbreak; fwd=uri-miss; fwd-status=200; stored`.
    package func write(to value: inout FieldValue) {
        switch self.course {
        case .hit: value.append("windbreak; hit")
        case .forwarded(let reason):
            value.append("windbreak; fwd=")
            value.append(reason.rawValue)
        case .refused: value.append("windbreak")
        }
        if let forwardStatus = self.forwardStatus {
            value.append("; fwd-status=")
            value.append(forwardStatus)
        }
        if let timeToLive = self.timeToLive {
            value.append("; ttl=")
            value.append(timeToLive)
        }
        if self.isStored { value.append("; stored") }
        if self.isCollapsed { value.append("; collapsed") }
        if let key = self.key {
            value.append("; key=\"")
            value.append(key.short)
            value.append("\"")
        }
        if let detail = self.detail {
            value.append("; detail=")
            value.append(detail.rawValue)
        }
    }
}
