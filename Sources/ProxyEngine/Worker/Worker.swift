// SPDX-License-Identifier: Apache-2.0

package import NIOCore

/// One event loop with what is needed to run exchanges on it.
package final class Worker: Sendable {
    package let loop: any EventLoop
    /// The position among the workers; pools are kept by it.
    package let index: Int
    /// Counts the connections of the process; nil for one that makes none.
    let gate: ConnectionGate?
    private let executor: LoopExecutor

    init(loop: any EventLoop, index: Int, gate: ConnectionGate? = nil) {
        self.loop = loop
        self.index = index
        self.gate = gate
        self.executor = LoopExecutor(loop)
    }

    /// Starts a task whose every step runs on this loop.
    @discardableResult
    package func start(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> {
        Task(executorPreference: self.executor) { await body() }
    }

    /// Makes a value that only this loop may touch available to a task that runs on it.
    func bind<Value>(_ value: Value) -> NIOLoopBound<Value> {
        NIOLoopBound(value, eventLoop: self.loop)
    }
}
