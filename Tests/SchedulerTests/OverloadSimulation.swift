import Glibc

@testable import Scheduler

/// Clients that ask at random times, whatever becomes of their earlier requests, of an engine that takes virtual time: who is
/// taken on, who is answered in time, and what each gets.
///
/// A job begins in some milliseconds for each unit of its size and then takes steps, like a caption; a step costs little more
/// for many generations than for one.
struct OverloadSimulation {
    /// Somebody who asks.
    struct Client {
        let id: ClientID
        /// Requests a second on average.
        let rate: Double
        /// How much work each is.
        var size = 1.0
        var steps = 12
    }

    /// What became of one client's requests.
    struct Fate {
        var offered = 0
        var refused = 0
        var overdue = 0
        /// From arrival to answer, in seconds, of those that were answered.
        var latencies: [Double] = []
        /// Seconds of the engine.
        var served = 0.0

        /// Those answered within so many seconds.
        func inTime(_ limit: Double) -> Int { latencies.count { $0 <= limit } }

        /// The latency that a share of the answers stay within.
        func quantile(_ share: Double) -> Double {
            let sorted = latencies.sorted()
            return sorted.isEmpty ? 0 : sorted[min(sorted.count - 1, Int(share * Double(sorted.count)))]
        }
    }

    private struct Request: Sendable {
        let client: ClientID
        let arrival: Duration
        let size: Double
        let steps: Int
    }

    private typealias Core = SchedulerCore<Request, Void>

    /// How long an answer may take; nil takes everybody on.
    let target: Double?
    /// Seconds that beginning a job takes for each unit of its size.
    let beginning: Double
    private(set) var fates: [ClientID: Fate] = [:]
    /// Longest time that what is begun kept others from a step.
    private(set) var longestBatch = Duration.zero
    /// Times at which the engine had nothing to do although somebody waited.
    private(set) var idleWithWork = 0
    private(set) var clock = Duration.zero

    private let start = EngineInstant.now
    private var core: Core
    private var backlog = Backlog()
    private var arrivals: [Request]
    private var random: SeededGenerator
    private var tickets: [JobID: Backlog.Ticket] = [:]
    private var left: [JobID: Int] = [:]
    private let end: Duration

    init(seed: UInt64, _ clients: [Client], seconds: Double, target: Double?, beginning: Double = 0.006) {
        var random = SeededGenerator(state: seed)
        self.target = target
        self.beginning = beginning
        end = .seconds(seconds)
        arrivals = clients.flatMap { client in
            var time = 0.0
            var requests: [Request] = []
            while true {
                time += -log(Double.random(in: 1e-9...1, using: &random)) / client.rate
                guard time < seconds else { return requests }
                requests.append(
                    Request(client: client.id, arrival: .seconds(time), size: client.size, steps: client.steps))
            }
        }.sorted { $0.arrival > $1.arrival }
        for client in clients { fates[client.id] = Fate() }
        self.random = random
        core = Core(
            SchedulerConfiguration(
                tasks: [TaskPolicy("caption", generates: true), TaskPolicy("embed", generates: false)], maxQueue: 256))
    }

    /// Runs until everybody that came in time was answered.
    mutating func run() {
        while true {
            let action = core.nextAction(at: now)
            collect()
            switch action {
            case .begin(_, let jobs): begin(jobs)
            case .step(let ids): step(ids)
            case .wait:
                if core.loads(at: now).contains(where: { $0.waiting > 0 }) { idleWithWork += 1 }
                guard let next = arrivals.last else { return }
                pass(until: max(clock, next.arrival))
            case .stop: return
            }
        }
    }

    private var now: EngineInstant { start.advanced(by: clock) }

    private mutating func begin(_ jobs: [(id: JobID, payload: Request)]) {
        var took = 0.0
        for (_, request) in jobs {
            took += beginning * request.size * Double.random(in: 0.8...1.2, using: &random)
        }
        if jobs.count > 1 { longestBatch = max(longestBatch, .seconds(took)) }
        pass(until: clock + .seconds(took))
        let whole = jobs.reduce(0) { $0 + $1.payload.size }
        for (id, request) in jobs {
            fates[request.client]?.served += took * request.size / whole
            left[id] = request.steps
        }
        core.beginEnded(jobs.map { $0.payload.steps > 0 ? .generating : .done(()) }, at: now)
    }

    private mutating func step(_ ids: [JobID]) {
        let took = Duration.seconds(0.0006 + 0.00025 * Double(ids.count))
        let begun = now
        for entry in core.steppedEntries { fates[entry.client]?.served += took.seconds / Double(ids.count) }
        pass(until: clock + took)
        let verdicts = ids.map { id -> Core.StepVerdict in
            left[id, default: 1] -= 1
            return left[id] == 0 ? .done(()) : .advanced
        }
        core.stepEnded(verdicts, startedAt: begun, at: now)
    }

    private mutating func pass(until time: Duration) {
        while let next = arrivals.last, next.arrival <= time { arrive(arrivals.removeLast()) }
        clock = time
    }

    private mutating func arrive(_ request: Request) {
        let at = start.advanced(by: request.arrival)
        let task: TaskID = request.steps > 0 ? "caption" : "embed"
        let kind = "\(task) \(request.size)"
        let cost = backlog.cost(of: [kind], for: request.client)
        fates[request.client]?.offered += 1
        var latestStart: EngineInstant?
        if let target {
            switch backlog.admission(of: request.client, cost: cost, within: .seconds(target)) {
            case .admitted(let wait): latestStart = at.advanced(by: wait)
            case .late:
                _ = backlog.refuse(cost: cost, at: at)
                fates[request.client]?.refused += 1
                return
            }
        }
        let ticket = backlog.book(request.client, kinds: [kind], cost: cost, at: at)
        do throws(SchedulerError) {
            let terms = JobTerms(client: request.client, size: request.size, latestStart: latestStart)
            tickets[try core.submit(request, task: task, terms, at: at)] = ticket
        } catch {
            fates[request.client]?.refused += 1
            backlog.finish(ticket, spent: .zero, isTypical: false, at: at)
        }
    }

    private mutating func collect() {
        for ended in core.takeEnded() {
            guard let ticket = tickets.removeValue(forKey: ended.id) else { continue }
            let request = ended.payload
            switch ended.result {
            case .success:
                backlog.finish(ticket, spent: ended.timing.cost, isTypical: true, at: ended.timing.ended)
                let latency = start.advanced(by: request.arrival).duration(to: ended.timing.ended)
                if request.arrival < end { fates[request.client]?.latencies.append(latency.seconds) }
            case .failure:
                backlog.finish(ticket, spent: .zero, isTypical: false, at: ended.timing.ended)
                fates[request.client]?.overdue += 1
            }
        }
    }
}
