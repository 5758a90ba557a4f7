// SPDX-License-Identifier: Apache-2.0

/// Keeps answers where they outlive the process, behind a store in memory.
///
/// What changes it returns at once and happens a little later, in the order in which it was asked for. It is for the
/// archive to bound what waits.
package protocol ResponseArchive: Sendable {
    /// Keeps an answer in place of the one for the same key and the same request fields.
    func keep(_ response: StoredResponse, for key: CacheKey, of request: CachedRequest)
    /// Forgets all variants of a key.
    func remove(_ key: CacheKey)
    /// Forgets one variant of a key.
    func remove(_ variant: Variant, of key: CacheKey)
    /// Forgets everything of an upstream.
    func removeAll(upstream: String)
    /// Forgets what answers this target, whatever the method and the caller.
    func removeAll(upstream: String, target: String)
    /// Whether it is worth while to load a key: false for nearly everything that is not there, and at once.
    func mayHold(_ key: CacheKey) -> Bool
    /// What is kept for a key and is whole, the newest first; empty when it cannot be had in good time.
    func load(_ key: CacheKey) async -> [Archived]
    /// Some of what is kept, in the order of the keys.
    ///
    /// - Parameter key: The last one before them.
    func entries(matching filter: CacheFilter, after key: CacheKey?, limit: Int) async -> [CachedEntry]
    /// Forgets what a filter means, and returns when that is done.
    ///
    /// - Returns: The keys that are gone; nil if it cannot be done.
    func remove(matching filter: CacheFilter) async -> [CacheKey]?
}

/// An answer as an archive gave it back.
package struct Archived: Sendable {
    package let response: StoredResponse
    package let request: CachedRequest

    package init(_ response: StoredResponse, of request: CachedRequest) {
        self.response = response
        self.request = request
    }
}
