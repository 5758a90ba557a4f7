// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import Synchronization

/// What became of the attempts to load the file, for operators to see. The command reports each.
package final class ReloadStatus: Sendable {
    struct State: Sendable, Equatable {
        var isSuccess = true
        /// When the configuration in use was loaded, since 1970-01-01T00:00:00Z.
        var loadedAt: Duration
        var successes = 0
        var failures = 0
    }

    private let state: Mutex<State>

    /// Made when the first load has succeeded; that one is not a reload.
    package convenience init() {
        self.init(loadedAt: WallClock.now.sinceEpoch)
    }

    init(loadedAt: Duration) {
        self.state = Mutex(State(loadedAt: loadedAt))
    }

    /// A new configuration is in use.
    package func succeeded() {
        let now = WallClock.now.sinceEpoch
        self.state.withLock { state in
            state.isSuccess = true
            state.loadedAt = now
            state.successes += 1
        }
    }

    /// The file was refused, and the old configuration stays.
    package func failed() {
        self.state.withLock { state in
            state.isSuccess = false
            state.failures += 1
        }
    }

    var current: State { self.state.withLock { $0 } }
}
