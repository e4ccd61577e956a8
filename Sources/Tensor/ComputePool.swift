import CKernels
import Glibc
import Synchronization

/// Threads that share the arithmetic of one engine.
///
/// The threads are made once. `parallelFor` splits a range of work among them and the caller, who takes part;
/// idle threads spin for some microseconds, since the next layer of a network usually follows at once, then sleep.
/// The workers run at a lower priority (nice +10), so that sockets are served while all cores compute.
/// One caller computes at a time: a call made while another runs, from inside a body or from another thread, does
/// its work alone and correctly.
public final class ComputePool: Sendable {
    /// Threads that compute, the caller of `parallelFor` included.
    public let threadCount: Int

    private let control: Control
    // Written in init and read in deinit alone, which no other access can overlap.
    private nonisolated(unsafe) let workers: UnsafeMutableBufferPointer<pthread_t>

    /// Starts `threads` - 1 workers (a value below 1 counts as 1).
    public init(threads: Int) {
        let wanted = max(1, threads)
        control = Control()
        let handles = UnsafeMutableBufferPointer<pthread_t>.allocate(capacity: wanted - 1)
        var started = 0
        while started < wanted - 1 {
            let context = Unmanaged.passRetained(control)
            let code = pthread_create(&handles[started], nil, runWorker, context.toOpaque())
            if code != 0 {  // no more threads can be had: those that started do the work
                context.release()
                break
            }
            started += 1
        }
        workers = UnsafeMutableBufferPointer(rebasing: handles[0..<started])
        threadCount = started + 1
    }

    deinit {
        control.stop()
        for worker in workers { pthread_join(worker, nil) }
        workers.baseAddress?.deallocate()
    }

    /// Calls `body` with ranges that cover 0..<count once, on several threads, and returns when all are done.
    /// No range but the last is shorter than `grain`; with count ≤ grain the caller does all the work at once.
    public func parallelFor(_ count: Int, grain: Int = 1, _ body: @Sendable (Range<Int>) -> Void) {
        parallelFor(count, grain: grain) { _, range in body(range) }
    }

    /// The same with the number of the thread that calls, in 0..<threadCount: bodies that run at the same time get
    /// different numbers, so that each thread can have scratch memory of its own.
    public func parallelFor(_ count: Int, grain: Int = 1, _ body: @Sendable (_ thread: Int, Range<Int>) -> Void) {
        let least = max(1, grain)
        share(count, chunk: count > least ? max(least, count / (threadCount * 4)) : count, body)
    }

    /// A pool that is its caller alone.
    private static let alone = ComputePool(threads: 1)

    /// Calls `body` once for each of `count` pieces of work that are independent and could each use several threads.
    ///
    /// As long as there is a piece for every thread, each thread does whole pieces by itself: nobody waits for anybody
    /// between the layers of a network, and what a thread computed last is in its own cache. The pieces that are left
    /// over are done one after the other by all threads together.
    ///
    /// - Parameter body: gets the piece, the number of the calling thread in 0..<threadCount, for memory of its own, and
    ///   the pool to compute with.
    public func forEach(_ count: Int, _ body: @Sendable (_ piece: Int, _ thread: Int, _ pool: ComputePool) -> Void) {
        let whole = threadCount > 1 ? count / threadCount * threadCount : 0
        // One by one, so that a thread that other work holds up gets fewer.
        share(whole, chunk: 1) { thread, pieces in
            for piece in pieces { body(piece, thread, Self.alone) }
        }
        for piece in whole..<max(whole, count) { body(piece, 0, self) }
    }

    /// Hands out 0..<count in chunks to all threads; to the caller alone where there is but one chunk, or where the pool
    /// is in use.
    private func share(_ count: Int, chunk: Int, _ body: @Sendable (_ thread: Int, Range<Int>) -> Void) {
        guard count > 0 else { return }
        guard threadCount > 1, count > chunk, control.claim() else {
            body(0, 0..<count)
            return
        }
        withoutActuallyEscaping(body) { body in
            control.run(Job(body: body, count: count, chunk: chunk))
        }
        control.release()
    }
}

/// One call of `parallelFor`.
struct Job {
    var body: (@Sendable (_ thread: Int, Range<Int>) -> Void)?
    var count: Int
    var chunk: Int
}

private func runWorker(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    sensorium_lower_priority(10)
    Unmanaged<Control>.fromOpaque(context).takeRetainedValue().work()
    return nil
}

/// What caller and workers share. The gate says who may look at `job`: it is written while the gate is shut and
/// nobody is inside, and read only by those who entered through the open gate.
private final class Control: Sendable {
    /// Gate: this bit while open, plus the number of workers inside.
    private static let open: UInt32 = 1 << 31
    /// How long an idle thread spins before it sleeps, in nanoseconds.
    private static let patience: UInt64 = 50_000

    // The words below are atomics with an address, which a futex needs; freed in deinit, when no thread is left.
    private nonisolated(unsafe) let memory: UnsafeMutableRawPointer
    private nonisolated(unsafe) let epoch: UnsafeMutablePointer<Atomic<UInt32>>
    private nonisolated(unsafe) let gate: UnsafeMutablePointer<Atomic<UInt32>>
    private nonisolated(unsafe) let next: UnsafeMutablePointer<Atomic<Int>>
    // Guarded by the gate, as said above.
    private nonisolated(unsafe) let job: UnsafeMutablePointer<Job>
    private let sleepers = Atomic<Int>(0)
    private let callerSleeps = Atomic<Bool>(false)
    private let claimed = Atomic<Bool>(false)
    private let stopping = Atomic<Bool>(false)
    /// Workers that have begun: the newest one's number.
    private let started = Atomic<Int>(0)

    init() {
        // A cache line (two, for the adjacent-line prefetcher) for each word that several threads write.
        memory = .allocate(byteCount: 4 * 128, alignment: 128)
        epoch = memory.bindMemory(to: Atomic<UInt32>.self, capacity: 1)
        gate = (memory + 128).bindMemory(to: Atomic<UInt32>.self, capacity: 1)
        next = (memory + 256).bindMemory(to: Atomic<Int>.self, capacity: 1)
        job = (memory + 384).bindMemory(to: Job.self, capacity: 1)
        epoch.initialize(to: Atomic(0))
        gate.initialize(to: Atomic(0))
        next.initialize(to: Atomic(0))
        job.initialize(to: Job(body: nil, count: 0, chunk: 1))
    }

    deinit {
        job.deinitialize(count: 1)
        memory.deallocate()
    }

    func claim() -> Bool { !claimed.exchange(true, ordering: .acquiring) }

    func release() { claimed.store(false, ordering: .releasing) }

    func stop() {
        stopping.store(true, ordering: .sequentiallyConsistent)
        announce()
    }

    private func announce() {
        epoch.pointee.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { sensorium_wake_all(word(epoch)) }
    }

    private func word(_ atomic: UnsafeMutablePointer<Atomic<UInt32>>) -> UnsafePointer<UInt32> {
        UnsafePointer(UnsafeMutableRawPointer(atomic).assumingMemoryBound(to: UInt32.self))
    }

    /// The caller's side: publish, take part, wait for those who entered. A worker that wakes too late finds the
    /// gate shut, so nobody waits for a thread that the system has not scheduled.
    func run(_ work: Job) {
        job.pointee = work
        next.pointee.store(0, ordering: .relaxed)
        gate.pointee.store(Self.open, ordering: .releasing)
        announce()
        takeChunks(thread: 0)
        gate.pointee.bitwiseAnd(~Self.open, ordering: .sequentiallyConsistent)
        waitForWorkers()
        job.pointee.body = nil
    }

    private func waitForWorkers() {
        if spin({ self.gate.pointee.load(ordering: .acquiring) == 0 }) { return }
        callerSleeps.store(true, ordering: .sequentiallyConsistent)
        while true {
            let inside = gate.pointee.load(ordering: .sequentiallyConsistent)
            if inside == 0 { break }
            sensorium_wait(word(gate), inside)
        }
        callerSleeps.store(false, ordering: .sequentiallyConsistent)
    }

    /// Kept out of line, so that whatever reference to the body a thread holds is gone when this returns: the
    /// closure lives only as long as `run`.
    @inline(never) private func takeChunks(thread: Int) {
        guard let body = job.pointee.body else { return }
        let count = job.pointee.count
        let chunk = job.pointee.chunk
        while true {
            let start = next.pointee.wrappingAdd(chunk, ordering: .relaxed).oldValue
            if start >= count { return }
            body(thread, start..<min(count, start + chunk))
        }
    }

    /// A worker's life.
    func work() {
        let thread = started.wrappingAdd(1, ordering: .relaxed).newValue
        var seen: UInt32 = 0
        while true {
            waitForEpoch(after: seen)
            seen = epoch.pointee.load(ordering: .sequentiallyConsistent)
            if stopping.load(ordering: .sequentiallyConsistent) { return }
            guard enter() else { continue }
            takeChunks(thread: thread)
            let left = gate.pointee.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue
            if left == 0, callerSleeps.load(ordering: .sequentiallyConsistent) { sensorium_wake_all(word(gate)) }
        }
    }

    private func enter() -> Bool {
        var value = gate.pointee.load(ordering: .acquiring)
        while value & Self.open != 0 {
            let (exchanged, original) = gate.pointee.weakCompareExchange(
                expected: value, desired: value + 1, ordering: .acquiringAndReleasing)
            if exchanged { return true }
            value = original
        }
        return false
    }

    private func waitForEpoch(after seen: UInt32) {
        if spin({ self.epoch.pointee.load(ordering: .acquiring) != seen }) { return }
        sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
        while epoch.pointee.load(ordering: .sequentiallyConsistent) == seen { sensorium_wait(word(epoch), seen) }
        sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent)
    }

    /// Whether `condition` became true within the patience of a spinning thread.
    @inline(__always) private func spin(_ condition: () -> Bool) -> Bool {
        if condition() { return true }
        let end = sensorium_now() + Self.patience
        repeat {
            for _ in 0..<32 {
                sensorium_pause()
                if condition() { return true }
            }
        } while sensorium_now() < end
        return false
    }
}
