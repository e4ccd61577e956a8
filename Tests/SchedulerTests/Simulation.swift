import Glibc
import Testing

@testable import Scheduler

/// A small generator of reproducible numbers (splitmix64, Steele et al. 2014).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A load of arrivals on a core whose engine takes virtual time, and a record of all that must hold meanwhile.
struct Simulation {
    struct Load: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var seed: UInt64
        var arrivals = 2000
        /// Mean time between two arrivals.
        var meanGap: Double
        var maxBatch = 16
        var maxQueue = 64
        var maxBatchBetweenSteps = 4
        var batchWindow = Duration.zero
        /// Everything is shared out in turns of this length; so long that clients do not matter, if nothing is said.
        var slice = Duration.seconds(1_000_000)
        var clients = 1
        /// Shares of jobs that are cancelled at some time, that have a deadline, that fail.
        var cancelled = 0.1
        var withDeadline = 0.3
        var failing = 0.02
        var heaviest = 1
    }

    struct Job: Sendable {
        let number: Int
        let client: ClientID
        let task: TaskID
        let weight: Int
        let arrival: Duration
        let deadline: Duration?
        let cancellation: Duration?
        let steps: Int
        let isFailing: Bool
    }

    struct Broken: Error {}

    typealias Core = SchedulerCore<Job, Int>

    static let tasks = [
        TaskPolicy("caption", generates: true), TaskPolicy("answer", generates: true),
        TaskPolicy("image", generates: false),
        TaskPolicy("text", generates: false),
    ]

    let load: Load
    let start = EngineInstant.now
    var random: SeededGenerator
    var core: Core
    var clock = Duration.zero
    /// What is still to arrive or be cancelled, the next last.
    private var arrivals: [Job]
    private var cancellations: [(at: Duration, id: JobID)] = []

    private(set) var accepted: [JobID: Job] = [:]
    private(set) var refused = 0
    /// Generations stepped, over all steps.
    private(set) var steps = 0
    private(set) var endings: [JobID: [Result<Int, any Error>]] = [:]
    private(set) var events: [SchedulerEvent] = []
    private(set) var violations: [String] = []
    private var lastBegun: [String: UInt64] = [:]
    private var generations: [JobID: Int] = [:]
    private var beganLast = false
    /// How many batches of others were begun since each task that needs no room had something waiting.
    private var passedOver: [TaskID: Int] = [:]

    init(_ load: Load) {
        self.load = load
        var random = SeededGenerator(state: load.seed)
        var time = 0.0
        arrivals = (0..<load.arrivals).map { number in
            time += -log(Double.random(in: 0.0001...1, using: &random)) * load.meanGap
            let arrival = Duration.seconds(time)
            func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &random) < share }
            return Job(
                number: number, client: ClientID("\(Int.random(in: 0..<load.clients, using: &random))"),
                task: Self.tasks[Int.random(in: 0..<4, using: &random)].task,
                weight: Int.random(in: 1...load.heaviest, using: &random), arrival: arrival,
                deadline: chance(load.withDeadline)
                    ? arrival + .milliseconds(Int.random(in: 1...4000, using: &random)) : nil,
                cancellation: chance(load.cancelled)
                    ? arrival + .milliseconds(Int.random(in: 0...3000, using: &random)) : nil,
                steps: Int.random(in: 1...30, using: &random), isFailing: chance(load.failing))
        }.reversed()
        self.random = random
        core = Core(
            SchedulerConfiguration(
                tasks: Self.tasks, maxBatch: load.maxBatch, maxQueue: load.maxQueue,
                maxBatchBetweenSteps: load.maxBatchBetweenSteps, slice: load.slice, batchWindow: load.batchWindow))
    }

    /// Runs until everything that arrived has ended.
    mutating func run() {
        while true {
            let action = core.nextAction(at: instant(clock))
            collect()
            switch action {
            case .begin(let task, let jobs): begin(task, jobs)
            case .step(let ids): step(ids)
            case .wait:
                check(
                    core.loads(at: instant(clock)).allSatisfy { $0.waiting == 0 && $0.running == 0 },
                    "sleeps with work to do")
                guard let next = arrivals.last else { return }
                pass(until: max(clock, next.arrival))
            case .stop:
                check(false, "stopped by itself")
                return
            }
        }
    }

    private mutating func begin(_ task: TaskID, _ jobs: [(id: JobID, payload: Job)]) {
        let isIdle = core.running.isEmpty
        check(!(beganLast && !isIdle && load.clients == 1), "two batches without a step between")
        beganLast = true
        let weight = jobs.reduce(0) { $0 + min($1.payload.weight, load.maxBatch) }
        let limit = isIdle ? load.maxBatch : min(load.maxBatch, load.maxBatchBetweenSteps)
        check(!jobs.isEmpty && (weight <= limit || jobs.count == 1), "a batch of weight \(weight)")
        for (id, job) in jobs {
            check(job.task == task, "a job in a batch of another task")
            let line = "\(task) of \(job.client)"
            check(id.number > lastBegun[line] ?? 0, "\(line) out of order")
            lastBegun[line] = id.number
            check(job.deadline.map { $0 > clock } ?? true, "begun after its deadline")
            check(endings[id] == nil, "begun after its end")
        }
        countTurns(begun: task)
        pass(until: clock + .milliseconds(5 + 20 * jobs.count + Int.random(in: 0...30, using: &random)))
        var verdicts = jobs.map { id, job -> Core.BeginVerdict in
            if job.isFailing, job.steps.isMultiple(of: 2) { return .failed(Broken()) }
            guard core.configuration.tasks.contains(where: { $0.task == task && $0.generates }) else {
                return .done(job.number)
            }
            generations[id] = job.steps
            return .generating
        }
        if Int.random(in: 0..<200, using: &random) == 0 { verdicts.removeLast() }
        core.beginEnded(verdicts, at: instant(clock))
        let running = core.running.reduce(0) { $0 + $1.weight }
        check(running <= load.maxBatch * min(2, load.clients), "generations of weight \(running)")
    }

    private mutating func step(_ ids: [JobID]) {
        beganLast = false
        steps += ids.count
        check(!ids.isEmpty && Set(ids).count == ids.count, "a step over \(ids)")
        for id in ids { check(endings[id] == nil && generations[id] != nil, "a step of what has ended or not begun") }
        pass(until: clock + .milliseconds(3 + ids.count))
        let verdicts = ids.map { id -> Core.StepVerdict in
            let left = (generations[id] ?? 0) - 1
            generations[id] = left
            if accepted[id]?.isFailing == true { return .failed(Broken()) }
            return left == 0 ? .done(accepted[id]?.number ?? -1) : .advanced
        }
        core.stepEnded(verdicts, startedAt: instant(clock), at: instant(clock))
    }

    /// Lets what arrives and is cancelled until then happen at its own time.
    private mutating func pass(until end: Duration) {
        while true {
            let arrival = arrivals.last?.arrival
            let cancellation = cancellations.last?.at
            if let arrival, arrival <= end, arrival <= cancellation ?? arrival {
                submit(arrivals.removeLast())
            } else if let cancellation, cancellation <= end {
                core.cancel(cancellations.removeLast().id, at: instant(cancellation))
            } else {
                break
            }
        }
        clock = end
    }

    private mutating func submit(_ job: Job) {
        do throws(SchedulerError) {
            let id = try core.submit(
                job, task: job.task,
                JobTerms(
                    client: job.client, size: Double(job.weight), deadline: job.deadline.map(instant)),
                at: instant(job.arrival))
            accepted[id] = job
            if let at = job.cancellation {
                let index = cancellations.firstIndex { $0.at < at } ?? cancellations.endIndex
                cancellations.insert((at, id), at: index)
            }
        } catch {
            refused += 1
            check(error == .queueFull(task: job.task, bound: load.maxQueue), "refused as \(error)")
        }
        for load in core.loads(at: instant(job.arrival)) {
            check(load.waiting <= self.load.maxQueue, "\(load.waiting) waiting")
        }
    }

    private mutating func collect() {
        for ended in core.takeEnded() {
            endings[ended.id, default: []].append(ended.result)
            let timing = ended.timing
            check(
                timing.submitted <= timing.began ?? timing.ended
                    && timing.began ?? timing.ended <= timing.encoded ?? timing.ended
                    && timing.encoded ?? timing.ended <= timing.ended, "time runs backwards")
            check(
                timing.queue + timing.begin + timing.generate == timing.total, "stages that do not add up to the total")
        }
        events += core.takeEvents()
    }

    /// While a task that needs no room waits, the others get at most one batch each before it.
    private mutating func countTurns(begun: TaskID) {
        // Among several clients turns are those of clients.
        guard load.clients == 1 else { return }
        for (policy, queue) in zip(core.configuration.tasks, core.queues) where !policy.generates {
            let waits = !queue.isEmpty && load.batchWindow == .zero
            passedOver[policy.task] = waits && policy.task != begun ? (passedOver[policy.task] ?? 0) + 1 : 0
            check(passedOver[policy.task] ?? 0 < Self.tasks.count, "\(policy.task) starves")
        }
    }

    private mutating func check(_ holds: Bool, _ violation: @autoclosure () -> String) {
        if !holds { violations.append("\(clock): \(violation())") }
    }

    private func instant(_ time: Duration) -> EngineInstant { start.advanced(by: time) }
}
