import Foundation
import Synchronization
import Testing

@testable import Tensor

@Suite struct `Compute pool` {
    @Test(arguments: [1, 2, 3, 5]) func `every index is visited once`(threads: Int) {
        let pool = ComputePool(threads: threads)
        for count in [0, 1, 2, 7, 64, 1000] {
            for grain in [1, 3, 2000] {
                let visits = Mutex([Int](repeating: 0, count: count))
                pool.parallelFor(count, grain: grain) { range in
                    visits.withLock { visits in for index in range { visits[index] += 1 } }
                }
                #expect(visits.withLock { $0.allSatisfy { $0 == 1 } }, "\(count) by \(grain)")
            }
        }
    }

    @Test func `many short calls in a row all finish`() {
        let pool = ComputePool(threads: 3)
        let total = Atomic(0)
        for _ in 0..<20_000 {
            pool.parallelFor(4) { total.wrappingAdd($0.count, ordering: .relaxed) }
        }
        #expect(total.load(ordering: .relaxed) == 80_000)
    }

    @Test func `calls from a body and from other threads do their work too`() {
        let pool = ComputePool(threads: 2)
        let total = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: 8) { _ in
            pool.parallelFor(10) { outer in
                for _ in outer { pool.parallelFor(10) { total.wrappingAdd($0.count, ordering: .relaxed) } }
            }
        }
        #expect(total.load(ordering: .relaxed) == 800)
    }

    @Test func `threads that run at the same time have different numbers`() {
        let pool = ComputePool(threads: 3)
        let inside = Mutex(Set<Int>())
        let clashes = Atomic(0)
        for _ in 0..<200 {
            pool.parallelFor(30) { thread, _ in
                let isNew = inside.withLock { $0.insert(thread).inserted }
                if !isNew || !(0..<3).contains(thread) { clashes.wrappingAdd(1, ordering: .relaxed) }
                inside.withLock { _ = $0.remove(thread) }
            }
        }
        #expect(clashes.load(ordering: .relaxed) == 0)
    }

    @Test(arguments: [1, 2, 3, 5]) func `pieces for every thread are done by one each, those left over by all`(
        threads: Int
    ) {
        let pool = ComputePool(threads: threads)
        for count in [0, 1, 2, 3, 7, 16] {
            let done = Mutex<[[(thread: Int, helpers: Int)]]>(Array(repeating: [], count: count))
            pool.forEach(count) { piece, thread, pool in
                done.withLock { $0[piece].append((thread, pool.threadCount)) }
            }
            let calls = done.withLock(\.self)
            #expect(calls.allSatisfy { $0.count == 1 && (0..<threads).contains($0[0].thread) }, "\(count) pieces")
            let helpers = calls.map { $0[0].helpers }
            let whole = count / threads * threads
            #expect(helpers == (0..<count).map { $0 < whole ? 1 : threads }, "\(count) pieces")
        }
    }
}
