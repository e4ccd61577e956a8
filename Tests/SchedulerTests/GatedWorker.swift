import Dispatch
import Glibc
import Synchronization

@testable import Scheduler

/// Lets a test hold the engine inside a call and look at what it does.
final class EngineGate: Sendable {
    /// Signalled by the worker when it is inside a call.
    private let entered = DispatchSemaphore(value: 0)
    private let mayLeave = DispatchSemaphore(value: 0)
    private let calls = Mutex<[String]>([])
    private let isOpen = Atomic(false)

    /// What the worker was asked to do so far: `begin [1, 2]`, `step [1]`.
    var log: [String] { calls.withLock { $0 } }

    /// Waits until the worker is inside its next call.
    func waitUntilInside() {
        entered.wait()
    }

    /// Lets the worker out of the call it is in.
    func letOut() {
        mayLeave.signal()
    }

    /// Lets the worker through from now on.
    func open() {
        isOpen.store(true, ordering: .sequentiallyConsistent)
        mayLeave.signal()
    }

    fileprivate func pass(_ call: String) {
        calls.withLock { $0.append(call) }
        guard !isOpen.load(ordering: .sequentiallyConsistent) else { return }
        entered.signal()
        mayLeave.wait()
    }
}

/// Generates for as many steps as the job says, stopping at a gate in each call.
struct GatedWorker: EngineWorker {
    final class Generation {
        let job: Int
        var left: Int
        private let onRelease: @Sendable (Int) -> Void

        init(_ job: Int, onRelease: @escaping @Sendable (Int) -> Void) {
            self.job = job
            left = job
            self.onRelease = onRelease
        }

        deinit { onRelease(job) }
    }

    let gate: EngineGate
    let onRelease: @Sendable (Int) -> Void

    func begin(task: TaskID, jobs: [Int], pause: () -> Void) -> [BeginOutcome<Generation, Int>] {
        gate.pass("begin \(jobs)")
        return jobs.map { .generate(Generation($0, onRelease: onRelease)) }
    }

    func step(_ generations: [Generation]) -> [StepOutcome<Int, Int>] {
        gate.pass("step \(generations.map(\.job))")
        return generations.map { generation in
            generation.left -= 1
            return generation.left == 0 ? .done(generation.job, last: nil) : .advanced(generation.left)
        }
    }
}
