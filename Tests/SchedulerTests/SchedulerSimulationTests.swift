import Testing

@testable import Scheduler

/// Thousands of jobs in virtual time, under every kind of load.
@Suite struct SchedulerSimulationTests {
    static let loads = [
        Simulation.Load(testDescription: "light", seed: 1, meanGap: 0.5),
        Simulation.Load(testDescription: "busy", seed: 2, meanGap: 0.06),
        Simulation.Load(testDescription: "overload", seed: 3, meanGap: 0.005),
        Simulation.Load(
            testDescription: "burst without cancellations", seed: 4, meanGap: 0.0001, maxQueue: 5000, cancelled: 0,
            withDeadline: 0, failing: 0),
        Simulation.Load(testDescription: "most are cancelled", seed: 5, meanGap: 0.02, cancelled: 0.8),
        Simulation.Load(testDescription: "tight deadlines", seed: 6, meanGap: 0.02, withDeadline: 1),
        Simulation.Load(testDescription: "one at a time", seed: 7, meanGap: 0.05, maxBatch: 1, maxBatchBetweenSteps: 1),
        Simulation.Load(testDescription: "a window", seed: 8, meanGap: 0.03, batchWindow: .milliseconds(40)),
        Simulation.Load(testDescription: "jobs of different weight", seed: 9, meanGap: 0.06, heaviest: 20),
        Simulation.Load(testDescription: "failures", seed: 10, meanGap: 0.03, failing: 0.5),
        Simulation.Load(
            testDescription: "many clients", seed: 11, meanGap: 0.06, slice: .milliseconds(60), clients: 40),
        Simulation.Load(
            testDescription: "many clients in overload", seed: 12, meanGap: 0.005, slice: .milliseconds(60),
            clients: 40),
        Simulation.Load(
            testDescription: "clients with jobs of different weight", seed: 13, meanGap: 0.03,
            slice: .milliseconds(200), clients: 5, heaviest: 20),
    ]

    @Test(arguments: loads)
    func `nothing is lost, answered twice, out of order, over a bound or starved`(load: Simulation.Load) {
        var simulation = Simulation(load)
        simulation.run()
        #expect(simulation.violations.isEmpty)
        #expect(simulation.accepted.count + simulation.refused == load.arrivals)
        #expect(Set(simulation.endings.keys) == Set(simulation.accepted.keys))
        #expect(simulation.endings.filter { $0.value.count != 1 }.isEmpty)
        #expect(simulation.endings.filter { !Self.hasCause($0.value, simulation.accepted[$0.key]) }.isEmpty)
        checkEvents(of: simulation)
    }

    /// Whether an answer is the job's own, and every other end has a reason in the job.
    private static func hasCause(_ results: [Result<Int, any Error>], _ job: Simulation.Job?) -> Bool {
        guard let job, let result = results.first else { return false }
        switch result {
        case .success(let number): return number == job.number
        case .failure(SchedulerError.cancelled): return job.cancellation != nil
        case .failure(SchedulerError.deadlineExceeded(let task, _)): return task == job.task && job.deadline != nil
        case .failure(is Simulation.Broken): return job.isFailing
        case .failure(SchedulerError.queueFull(let task, _)): return task == job.task
        case .failure(SchedulerError.outcomeMissing): return true
        case .failure: return false
        }
    }

    /// What an observer hears agrees with what happened.
    private func checkEvents(of simulation: Simulation) {
        let window = simulation.load.batchWindow
        var (inBatches, begun, ended, stepped, early) = (0, 0, 0, 0, 0)
        for event in simulation.events {
            switch event {
            case .batch(_, let waits, let reason):
                inBatches += waits.count
                if reason == .window, (waits.max() ?? .zero) < window { early += 1 }
            case .begun(_, let size, _): begun += size
            case .ended: ended += 1
            case .stepped(let sizes, _): stepped += sizes.values.reduce(0, +)
            case .refused: Issue.record("the core reports no refusals")
            }
        }
        #expect(inBatches == begun)
        #expect(ended == simulation.accepted.count)
        #expect(stepped == simulation.steps)
        #expect(early == 0)
    }

    @Test func `under a burst that fits the queue everybody is answered, in full batches`() {
        var simulation = Simulation(Self.loads[3])
        simulation.run()
        #expect(simulation.refused == 0)
        let sizes = simulation.events.compactMap { event in
            if case .batch("text", let waits, _) = event { waits.count } else { nil }
        }
        let mean = Double(sizes.reduce(0, +)) / Double(sizes.count)
        #expect(mean > 3.5)
    }

    @Test func `the same seed gives the same run`() {
        var first = Simulation(Self.loads[1])
        var second = Simulation(Self.loads[1])
        first.run()
        second.run()
        #expect(first.clock == second.clock)
        #expect(first.events.count == second.events.count)
    }
}
