// SPDX-License-Identifier: Apache-2.0

package import CacheFile
package import HTTPCaching
package import ProxyConfiguration

/// One configuration with all that runs by it: immutable, and replaced whole by a reload.
package struct Snapshot: Sendable {
    package let configuration: Configuration
    /// 1 for the configuration of the start, one more for each reload.
    package let generation: Int
    /// In the order of the file.
    package let upstreams: [Upstream]
    /// The answers of all upstreams; lives as long as the process.
    package let cache: MemoryStore
    /// Where they are on disk, if they are; likewise.
    package let cacheFile: CacheFile?
    /// What is counted about the engine as a whole.
    package let metrics: EngineMetrics
    /// Nil where no tunnel is opened here.
    let interception: Interception?
    /// Where no connection may lead to; lives as long as the process.
    let listeners: ListenerAddresses

    package subscript(name: String) -> Upstream? {
        self.upstreams.first { $0.name == name }
    }
}
