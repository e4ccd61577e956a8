/// Times at which something is to be looked at, earliest first; a binary heap.
///
/// Nothing is ever taken out before its time: who waits longer than when it was entered enters itself again.
struct TimerHeap<Key> {
    private var entries: [(time: UInt64, key: Key)] = []

    var earliest: UInt64? { entries.first?.time }
    var count: Int { entries.count }

    mutating func insert(_ key: Key, at time: UInt64) {
        entries.append((time, key))
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child].time < entries[parent].time else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    /// The earliest entry if its time has come.
    mutating func popDue(_ now: UInt64) -> (time: UInt64, key: Key)? {
        guard let due = entries.first, due.time <= now else { return nil }
        let last = entries.removeLast()
        if entries.isEmpty { return due }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2]
            where child < entries.count && entries[child].time < entries[least].time {
                least = child
            }
            if least == parent { return due }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
