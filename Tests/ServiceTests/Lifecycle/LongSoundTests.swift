import Decoders
import Media
import Scheduler
import Tasks
import Testing

@testable import Service

@Suite struct `Long sounds` {
    /// The tests hold up their own threads, so what they wait for runs elsewhere.
    private let executor = RequestExecutor()
    private let gate = Gate()

    /// Three windows of different loudness.
    private static let windows = [[Float]](
        [[0.125, 0.25], [0.5, 0.5], [1, 2]].map { pair in (0..<160).map { pair[$0 % 2] } })
    private static let question = EngineJob.classify(
        EngineJob.Question(
            head: "feelings", task: "emotion", parts: ["audio": .mel(windows)], explains: true))

    private func engine(_ model: FakeModel) -> ScheduledEngine<FakeModel> {
        ScheduledEngine(model, maxBatch: 4, maxQueue: 8, batchWindow: .zero, observer: nil)
    }

    @Test func `let others take their turn after each window, and are answered as a whole`() async throws {
        let model = FakeModel(listenGate: gate, hasSpace: true)
        let engine = engine(model)
        let long = Task(executorPreference: executor) {
            try await engine.compute(Self.question, before: .now + .seconds(60), onText: nil)
        }
        gate.waitForArrival()
        let text = Task(executorPreference: executor) {
            let job = EngineJob.embed(EngineJob.Embedding(parts: ["text": .text(model.tokens(of: "a word"))]))
            return try await engine.compute(job, before: .now + .seconds(60), onText: nil)
        }
        wait { engine.loads.contains { $0.waiting == 1 } }
        gate.open()
        _ = try await text.value
        #expect(model.counts.withLock(\.heardWindows) == [1], "the next window is still at the gate")
        gate.open(2)
        guard case .classification(let heard, fuse: _) = try await long.value.output else {
            Issue.record("a question is answered by a classification")
            return
        }
        let whole = FakeModel().encode([("audio", .mel(Self.windows))])
        let expected = try FakeModel().classify(head: "feelings", [["audio": whole[0]]], explain: [true])
        #expect(heard == expected[0])
        #expect(model.counts.withLock(\.heardWindows) == [1, 1, 1])
    }

    @Test func `that nobody waits for any more are not heard to their end`() async throws {
        let model = FakeModel(listenGate: gate)
        let engine = engine(model)
        let long = Task(executorPreference: executor) {
            try await engine.compute(Self.question, before: .now + .seconds(60), onText: nil)
        }
        gate.waitForArrival()
        long.cancel()
        gate.open()
        await #expect(throws: SchedulerError.self) { try await long.value }
        #expect(model.counts.withLock(\.heardWindows) == [1])
    }

    @Test(arguments: [(seconds: 30, tokens: false), (seconds: 31, tokens: true)])
    func `set aside the memory of their tokens, which wait for the rest`(seconds: Int, tokens: Bool) throws {
        let tower = AudioInput(sampleRate: 16_000, melBins: 80, windowSeconds: 30, tokenNumbers: 1536)
        let intake = AudioIntake(
            decoder: InProcessDecoder(), limits: AudioLimits(), memory: MemoryBudget(limit: 1 << 30), metrics: Metrics()
        )
        let samples = seconds * tower.sampleRate
        let decoded = try intake.decode(Sound.wav([Int16](repeating: 1000, count: samples)), for: tower)
        #expect(
            decoded.memory.bytes
                == tower.melBytes(samples: samples) + (tokens ? tower.tokenBytes(samples: samples) : 0))
        #expect(tower.tokenBytes(samples: samples) == seconds * 50 * 1536 * 4)
    }
}
