import Decoders
import Media
import Scheduler
import Synchronization
import Tasks
import Testing

@testable import Service

@Suite struct `Long sounds` {
    /// Swift's own threads may all be held up by other tests, while the gate waits only so long: requests run elsewhere.
    private let executor = RequestExecutor()
    private let gate = Gate()

    /// What came of a job.
    private final class Outcome: Sendable {
        private let result = Mutex<Result<EngineOutput, any Error>?>(nil)
        var value: Result<EngineOutput, any Error>? { result.withLock { $0 } }

        func set(_ value: Result<EngineOutput, any Error>) { result.withLock { $0 = value } }
    }

    /// Has a job computed.
    private func ask(
        _ engine: ScheduledEngine, _ job: EngineJob
    ) -> (outcome: Outcome, task: Task<Void, Never>) {
        let outcome = Outcome()
        let task = Task(executorPreference: executor) {
            do {
                let work = RequestWork(client: "one", deadline: .now + .seconds(600))
                outcome.set(.success(try await engine.compute(job, for: work, onText: nil).output))
            } catch {
                outcome.set(.failure(error))
            }
        }
        return (outcome, task)
    }

    /// Three windows of different loudness.
    private static let windows = [[Float]](
        [[0.125, 0.25], [0.5, 0.5], [1, 2]].map { pair in (0..<160).map { pair[$0 % 2] } })
    private static let question = EngineJob.classify(
        HeadQuestion(head: "feelings", parts: ["audio": .mel(windows)], explains: true), task: "emotion")
    private let scheduler = Scheduler(
        SchedulerConfiguration(tasks: [], maxBatch: 4, maxQueue: 8), makeWorker: { ModelWorker() })

    private func engine(_ model: FakeModel) -> ScheduledEngine {
        ScheduledEngine(model, name: "fake", scheduler: scheduler)
    }

    @Test func `let others take their turn after each window, and are answered as a whole`() throws {
        let model = FakeModel(listenGate: gate, hasSpace: true)
        let engine = engine(model)
        let long = ask(engine, Self.question).outcome
        gate.waitForArrival()
        let job = EngineJob.embed(EmbeddingQuery(parts: ["text": .text(FakeModel.words.encode("a word"))]))
        let text = ask(engine, job).outcome
        wait { scheduler.loads.contains { $0.waiting == 1 } }
        gate.open()
        wait { text.value != nil }
        #expect(model.counts.withLock(\.heardWindows) == [1], "the next window is still at the gate")
        gate.open(2)
        wait { long.value != nil }
        guard case .success(.classification(let heard)) = long.value else {
            Issue.record("a question is answered by a classification")
            return
        }
        let whole = FakeModel().classify(
            [HeadQuestion(head: "feelings", parts: ["audio": .mel(Self.windows)], explains: true)]) {}
        #expect(heard.classification == (try whole[0].get().classification))
        #expect(model.counts.withLock(\.heardWindows) == [1, 1, 1])
    }

    @Test func `that nobody waits for any more are not heard to their end`() {
        let model = FakeModel(listenGate: gate)
        let long = ask(engine(model), Self.question)
        gate.waitForArrival()
        long.task.cancel()
        gate.open()
        wait { long.outcome.value != nil }
        #expect(throws: SchedulerError.self) { try long.outcome.value?.get() }
        #expect(model.counts.withLock(\.heardWindows) == [1])
    }

    @Test(arguments: [(seconds: 30, tokens: false), (seconds: 31, tokens: true)])
    func `set aside the memory of their tokens, which wait for the rest`(seconds: Int, tokens: Bool) throws {
        let tower = SoundPreparation(sampleRate: 16_000, melBins: 80, windowSeconds: 30, tokenNumbers: 1536)
        let intake = AudioIntake(
            decoder: InProcessDecoder(), limits: AudioLimits(), memory: MemoryBudget(limit: 1 << 30), metrics: Metrics()
        )
        let samples = seconds * tower.sampleRate
        let decoded = try intake.decode(
            Sound.wav([Int16](repeating: 1000, count: samples)), of: Sender("test"), for: tower)
        #expect(
            decoded.memory.bytes
                == tower.melBytes(samples: samples) + (tokens ? tower.tokenBytes(samples: samples) : 0))
        #expect(tower.tokenBytes(samples: samples) == seconds * 50 * 1536 * 4)
    }
}
