import Dispatch
import HTTP
import Scheduler
import Synchronization
import Testing

@testable import Service

@Suite struct `Decoders` {
    private struct Failure: Error {}
    /// The tests hold up their own threads, so what they wait for runs elsewhere.
    private let executor = RequestExecutor()

    @Test func `work is run, and its result or error given back`() async throws {
        let pool = DecoderPool(slots: 2, bound: 4)
        let later = ContinuousClock.now + .seconds(600)
        #expect(try await pool.run(before: later, for: "a") { 7 }.value == 7)
        await #expect(throws: Failure.self) { try await pool.run(before: later, for: "a") { throw Failure() } }
    }

    @Test func `what would wait beyond the bound, or past its deadline, is refused`() async throws {
        let gate = Gate()
        let pool = DecoderPool(slots: 1, bound: 1)
        let later = ContinuousClock.now + .seconds(600)
        let running = Task(executorPreference: executor) { try await pool.run(before: later, for: "a") { gate.pass() } }
        gate.waitForArrival()
        let expired = Task(executorPreference: executor) {
            try await pool.run(before: .now - .seconds(1), for: "a") { 7 }
        }
        wait { pool.waitingCount == 1 }
        await #expect(throws: DecoderPool.Refusal.full(bound: 1)) { try await pool.run(before: later, for: "a") { 7 } }
        gate.open()
        _ = try await running.value
        await #expect(throws: DecoderPool.Refusal.deadlineExceeded) { try await expired.value }
    }

    @Test func `work that nobody waits for any more is not run`() async throws {
        let gate = Gate()
        let pool = DecoderPool(slots: 1, bound: 4)
        let later = ContinuousClock.now + .seconds(600)
        let running = Task(executorPreference: executor) { try await pool.run(before: later, for: "a") { gate.pass() } }
        gate.waitForArrival()
        let ran = Flag()
        let gone = Task(executorPreference: executor) { try await pool.run(before: later, for: "a") { ran.set() } }
        wait { pool.waitingCount == 1 }
        gone.cancel()
        gate.open()
        _ = try await running.value
        await #expect(throws: DecoderPool.Refusal.cancelled) { try await gone.value }
        #expect(!ran.isSet)
    }

    @Test func `an idle thread takes a share of the calls`() async throws {
        let pool = DecoderPool(slots: 2, bound: 4)
        // Neither call ends before the other has begun, so that one thread alone would never make both.
        let begun = [DispatchSemaphore(value: 0), DispatchSemaphore(value: 0)]
        let together = try await pool.run(before: .now + .seconds(600), for: "a") {
            let results = Mutex([Bool](repeating: false, count: 2))
            pool.share(2, for: "a") { index in
                begun[index].signal()
                let came = begun[1 - index].wait(timeout: .now() + 600) == .success
                results.withLock { $0[index] = came }
            }
            return results.withLock { $0 }
        }.value
        #expect(together == [true, true])
    }

    @Test func `where no thread is idle, the caller makes every call, in turn`() async throws {
        let pool = DecoderPool(slots: 1, bound: 4)
        let calls = try await pool.run(before: .now + .seconds(600), for: "a") {
            let made = Mutex<[Int]>([])
            pool.share(4, for: "a") { index in made.withLock { $0.append(index) } }
            return made.withLock { $0 }
        }.value
        #expect(calls == [0, 1, 2, 3])
    }

    @Test func `a client that has nothing in decoding does not wait for the jobs of another`() async throws {
        let gate = Gate()
        let pool = DecoderPool(slots: 1, bound: 4)
        let later = ContinuousClock.now + .seconds(600)
        let first = Task(executorPreference: executor) {
            try await pool.run(before: later, for: "a") { gate.pass() }
        }
        gate.waitForArrival()
        let second = Task(executorPreference: executor) { try await pool.run(before: later, for: "a") { 7 } }
        wait { pool.waitingCount == 1 }
        #expect(try await pool.run(before: later, for: "b") { 8 }.value == 8)
        #expect(pool.waitingCount == 1)
        gate.open()
        _ = try await first.value
        #expect(try await second.value.value == 7)
    }

    @Test func `the newest job of whoever has most makes room for a client with fewer`() async throws {
        let gate = Gate()
        let pool = DecoderPool(slots: 1, bound: 2)
        let later = ContinuousClock.now + .seconds(600)
        func begin(_ client: ClientID) -> Task<Int, any Error> {
            Task(executorPreference: executor) {
                try await pool.run(before: later, for: client) {
                    gate.pass()
                    return 7
                }.value
            }
        }
        let running = [begin("a"), begin("b")]
        gate.waitForArrival()
        gate.waitForArrival()
        let older = begin("a")
        wait { pool.waitingCount == 1 }
        let newer = begin("a")
        wait { pool.waitingCount == 2 }
        let other = begin("b")
        await #expect(throws: DecoderPool.Refusal.full(bound: 2)) { try await newer.value }
        gate.open(4)
        for task in running + [older, other] { _ = try await task.value }
    }

    @Test func `a stopped pool refuses what waits and what comes`() async throws {
        let pool = DecoderPool(slots: 1, bound: 4)
        pool.stop()
        await #expect(throws: DecoderPool.Refusal.stopped) { try await pool.run(before: .now, for: "a") { 7 } }
    }
}

@Suite struct `Event streams` {
    @Test func `pings come until they are stopped`() {
        let (came, others) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let count = Atomic(0)
        let pinging = PingClock(interval: 0.001).start {
            count.wrappingAdd(1, ordering: .relaxed)
            came.signal()
        }
        for _ in 0..<3 { came.wait() }
        pinging.stop()
        // What comes later on the same queue: a ping that had begun is done by the first of them.
        let later = PingClock(interval: 0.001).start { others.signal() }
        others.wait()
        let last = count.load(ordering: .relaxed)
        for _ in 0..<3 { others.wait() }
        later.stop()
        #expect(last >= 3 && count.load(ordering: .relaxed) == last)
    }

    @Test func `a ping is a comment, which clients skip`() throws {
        let exchange = FakeExchange()
        let harness = try Harness()
        let request = Request(
            Harness.head("GET", "/", [], bodyBytes: 0), exchange, .unknownPath, client: .address("127.0.0.1"),
            peer: "127.0.0.1", deadline: .seconds(1), crossOrigin: CrossOrigin(origins: []), journal: harness.journal)
        let events = EventStream(request)
        events.ping()
        events.token("a \"b\"\n")
        events.end()
        #expect(Answer(exchange.answer()).text == ": waiting\n\nevent: token\ndata: {\"text\":\"a \\\"b\\\"\\n\"}\n\n")
    }
}
