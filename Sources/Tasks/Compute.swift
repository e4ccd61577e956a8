import Glibc
import Networks
import Tensor

/// The threads that compute for all models, whose turn it is to use them, one at a time, and in which memory.
///
/// Whoever has the turn may pause and let others compute within the pause, on the same thread: those get memory of their own,
/// so that what is half computed stays. Other threads wait.
public final class Compute {
    /// The memory to compute in.
    final class Memory {
        let workspace = Workspace()
        let captions = CaptionWorkspace()
    }

    /// The threads.
    public let pool: ComputePool
    // A lock of the system has an address for life, which a stored property does not promise.
    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private var memories: [Memory] = []
    private var depth = 0

    /// - Parameter threads: that compute, the caller's included; `ComputePool.availableThreads()` is what the machine grants.
    public init(threads: Int) {
        pool = ComputePool(threads: threads)
        var attributes = pthread_mutexattr_t()
        pthread_mutexattr_init(&attributes)
        // Of the three kinds the one that lets its holder in again: glibc knows it, so that this cannot fail.
        pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_RECURSIVE))
        pthread_mutex_init(lock, &attributes)
        pthread_mutexattr_destroy(&attributes)
    }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    /// Computes, once it is this thread's turn.
    func take<Result, Failure: Error>(_ body: (Memory) throws(Failure) -> Result) throws(Failure) -> Result {
        pthread_mutex_lock(lock)
        if depth == memories.count { memories.append(Memory()) }
        depth += 1
        defer {
            depth -= 1
            pthread_mutex_unlock(lock)
        }
        return try body(memories[depth - 1])
    }
}

// Unchecked, because the compiler cannot see a lock of the system. Proof: `pool` (itself Sendable) and `lock` never change after
// `init`. `depth` and `memories` are private, and read and written in `take` alone, all of it between locking and unlocking, whichever
// models call it from whichever threads. A thread that comes in again within a pause is the holder itself, and has a depth and so a
// memory of its own; none leaves `take`, for bodies pass it down and give back values. `deinit` runs when no caller is left.
extension Compute: @unchecked Sendable {}
