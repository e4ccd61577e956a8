import Synchronization

/// A bound on the bytes that uploads and decoded media may take up over all requests (`--max-memory`).
///
/// ```swift
/// guard let reservation = budget.reserve(contentLength) else { … 503 … }
/// ```
/// The bytes are given back when the reservation is released or no longer referred to, so that no error path can forget them.
public final class MemoryBudget: Sendable {
    /// Most bytes reserved at once.
    public let limit: Int
    private let taken = Atomic<Int>(0)

    /// A budget of that many bytes.
    public init(limit: Int) {
        self.limit = max(0, limit)
    }

    /// Bytes reserved now.
    public var reserved: Int { taken.load(ordering: .relaxed) }

    /// Takes bytes out of the budget; nil if they are not there.
    public func reserve(_ bytes: Int) -> MemoryReservation? {
        take(bytes) ? MemoryReservation(self, bytes: bytes) : nil
    }

    fileprivate func take(_ bytes: Int) -> Bool {
        guard bytes >= 0 else { return false }
        var old = taken.load(ordering: .relaxed)
        while bytes <= limit - old {
            let (exchanged, original) = taken.weakCompareExchange(
                expected: old, desired: old + bytes, ordering: .relaxed)
            if exchanged { return true }
            old = original
        }
        return false
    }

    fileprivate func give(back bytes: Int) {
        taken.subtract(bytes, ordering: .relaxed)
    }
}

/// Bytes held out of a budget until released, at the latest when nothing refers to them any more.
public final class MemoryReservation: Sendable {
    private let budget: MemoryBudget
    private let held: Mutex<Int>

    fileprivate init(_ budget: MemoryBudget, bytes: Int) {
        self.budget = budget
        held = Mutex(bytes)
    }

    deinit {
        release()
    }

    /// Bytes held now.
    public var bytes: Int { held.withLock { $0 } }

    /// Takes more bytes; false, and nothing changes, if they are not there.
    public func grow(by bytes: Int) -> Bool {
        held.withLock { held in
            guard budget.take(bytes) else { return false }
            held += bytes
            return true
        }
    }

    /// Gives back what is more than that many bytes.
    public func shrink(to bytes: Int) {
        held.withLock { held in
            guard bytes >= 0, bytes < held else { return }
            budget.give(back: held - bytes)
            held = bytes
        }
    }

    /// Gives everything back. Doing so again does nothing.
    public func release() {
        shrink(to: 0)
    }
}
