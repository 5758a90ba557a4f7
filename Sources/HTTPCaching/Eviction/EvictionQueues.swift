// SPDX-License-Identifier: Apache-2.0

/// The order in which entries go: W-TinyLFU (Einziger, Eytan, Friedman, Manes 2018), weighed in octets.
///
/// What is new enters the window, where the least recently used goes first. What leaves it becomes the candidate for the
/// main part, and stays only if it was asked for more often than what would have to go instead. The main part is a
/// segmented LRU: what is asked for on probation becomes protected. A window of everything is plain LRU.
struct EvictionQueues: Sendable {
    /// Where an entry stands in the tables of whoever owns the queues; taken again after it was free.
    typealias Slot = Int32

    private enum Segment: UInt8 { case window, probation, protected }

    private struct Node: Sendable {
        let hash: UInt64
        var weight: UInt32
        var newer: Slot
        var older: Slot
        var segment: Segment
    }

    /// A doubly linked list of slots.
    private struct Queue: Sendable {
        var newest: Slot = .none
        var oldest: Slot = .none
        var weight = 0
    }

    private struct Queues: Sendable {
        private var window = Queue()
        private var probation = Queue()
        private var protected = Queue()

        subscript(segment: Segment) -> Queue {
            get {
                switch segment {
                case .window: self.window
                case .probation: self.probation
                case .protected: self.protected
                }
            }
            _modify {
                switch segment {
                case .window: yield &self.window
                case .probation: yield &self.probation
                case .protected: yield &self.protected
                }
            }
        }
    }

    /// The part of all that is the window.
    var windowShare: Double
    private(set) var count = 0
    private(set) var weight = 0
    private var nodes: [Node] = []
    private var vacant: [Slot] = []
    private var queues = Queues()

    init(windowShare: Double) { self.windowShare = windowShare }

    func hash(of slot: Slot) -> UInt64 { self.nodes[Int(slot)].hash }
    func weight(of slot: Slot) -> Int { Int(self.nodes[Int(slot)].weight) }

    private var windowTarget: Int { Int(Double(self.weight) * self.windowShare) }

    mutating func insert(_ hash: UInt64, weight: Int) -> Slot {
        let node = Node(
            hash: hash,
            weight: UInt32(clamping: weight),
            newer: .none,
            older: .none,
            segment: .window
        )
        let slot: Slot
        if let free = self.vacant.popLast() {
            slot = free
            self.nodes[Int(slot)] = node
        } else {
            slot = Slot(self.nodes.count)
            self.nodes.append(node)
        }
        self.count += 1
        self.weight += Int(node.weight)
        self.link(slot, into: .window)
        return slot
    }

    mutating func use(_ slot: Slot) {
        let segment = self.nodes[Int(slot)].segment
        let hasRoomInWindow = self.queues[.window].weight < self.windowTarget
        guard segment != .window, !hasRoomInWindow else { return self.move(slot, to: .window) }
        self.move(slot, to: .protected)
        // Four fifths of the main part.
        while self.queues[.protected].weight > (self.weight - self.windowTarget) / 5 * 4,
            self.queues[.protected].oldest != slot
        {
            self.move(self.queues[.protected].oldest, to: .probation)
        }
    }

    /// The entry weighs something else now; it stays where it is.
    mutating func weigh(_ slot: Slot, _ weight: Int) {
        let node = self.nodes[Int(slot)]
        let weight = UInt32(clamping: weight)
        self.nodes[Int(slot)].weight = weight
        self.queues[node.segment].weight += Int(weight) - Int(node.weight)
        self.weight += Int(weight) - Int(node.weight)
    }

    mutating func remove(_ slot: Slot) {
        self.unlink(slot)
        self.count -= 1
        self.weight -= Int(self.nodes[Int(slot)].weight)
        self.vacant.append(slot)
    }

    /// Removes the entry that is worth least.
    ///
    /// - Parameter coin: Any number, new each time.
    /// - Returns: Nil if there is none.
    mutating func evict(by sketch: FrequencySketch, coin: UInt64) -> Slot? {
        self.drainWindow()
        let candidate = self.queues[.window].oldest
        var rival = self.queues[.probation].oldest
        if rival == .none { rival = self.queues[.protected].oldest }
        guard candidate != .none, rival != .none else { return self.removed(rival == .none ? candidate : rival) }
        // A window that is not full takes what it needs from the main part.
        guard self.queues[.window].weight > self.windowTarget else { return self.removed(rival) }
        guard self.admits(candidate, over: rival, sketch, coin) else { return self.removed(candidate) }
        self.move(candidate, to: .probation)
        return self.removed(rival)
    }

    /// Whether the candidate was asked for more often.
    private func admits(_ candidate: Slot, over rival: Slot, _ sketch: FrequencySketch, _ coin: UInt64) -> Bool {
        let frequency = sketch.estimate(self.nodes[Int(candidate)].hash)
        if frequency > sketch.estimate(self.nodes[Int(rival)].hash) { return true }
        // Now and then a warm candidate wins, lest somebody who knows the counters keeps others out for good.
        return frequency > 5 && coin & 127 == 0
    }

    private mutating func removed(_ slot: Slot) -> Slot? {
        guard slot != .none else { return nil }
        self.remove(slot)
        return slot
    }

    /// What is far too large, since there was room for everything or since its share was another, goes over without a
    /// duel; a few at a time, so that no single call takes long.
    private mutating func drainWindow() {
        var moves = 0
        while self.queues[.window].weight > self.windowTarget + self.weight / 16, moves < 8 {
            self.move(self.queues[.window].oldest, to: .probation)
            moves += 1
        }
    }

    // MARK: Lists

    private mutating func move(_ slot: Slot, to segment: Segment) {
        guard self.queues[segment].newest != slot else { return }
        self.unlink(slot)
        self.link(slot, into: segment)
    }

    private mutating func link(_ slot: Slot, into segment: Segment) {
        let newest = self.queues[segment].newest
        self.nodes[Int(slot)].segment = segment
        self.nodes[Int(slot)].newer = .none
        self.nodes[Int(slot)].older = newest
        if newest == .none { self.queues[segment].oldest = slot } else { self.nodes[Int(newest)].newer = slot }
        self.queues[segment].newest = slot
        self.queues[segment].weight += Int(self.nodes[Int(slot)].weight)
    }

    private mutating func unlink(_ slot: Slot) {
        let node = self.nodes[Int(slot)]
        if node.newer == .none {
            self.queues[node.segment].newest = node.older
        } else {
            self.nodes[Int(node.newer)].older = node.older
        }
        if node.older == .none {
            self.queues[node.segment].oldest = node.newer
        } else {
            self.nodes[Int(node.older)].newer = node.newer
        }
        self.queues[node.segment].weight -= Int(node.weight)
    }
}

extension EvictionQueues.Slot {
    fileprivate static let none: EvictionQueues.Slot = -1
}
