import Testing

@testable import Scheduler

/// More work than can be done: who is answered, and how fast.
@Suite struct OverloadTests {
    private static let seconds = 15.0

    /// Answers a second when more is asked than can be done, and everybody is taken on.
    private static func capacity(_ client: OverloadSimulation.Client) -> Double {
        var simulation = OverloadSimulation(
            seed: 1, [OverloadSimulation.Client(id: "a", rate: 400, size: client.size, steps: client.steps)],
            seconds: 10,
            target: nil)
        simulation.run()
        let fate = simulation.fates["a"] ?? .init()
        return Double(fate.latencies.count) / simulation.clock.seconds
    }

    @Test(arguments: [(load: 0.5, share: 0.48), (1, 0.85), (2, 0.9), (4, 0.9)])
    func `answers in time stay near the capacity however much is asked`(load: Double, share: Double) {
        let capacity = Self.capacity(OverloadSimulation.Client(id: "a", rate: 1))
        var simulation = OverloadSimulation(
            seed: 2, [OverloadSimulation.Client(id: "a", rate: capacity * load)], seconds: Self.seconds, target: 1)
        simulation.run()
        let fate = simulation.fates["a"] ?? .init()
        let goodput = Double(fate.inTime(1)) / Self.seconds / capacity
        #expect(goodput >= share, "\(goodput) of \(capacity) a second")
        #expect(fate.offered == fate.latencies.count + fate.refused + fate.overdue)
        #expect(Double(fate.latencies.count - fate.inTime(1)) <= 0.02 * Double(fate.latencies.count))
        #expect(simulation.idleWithWork == 0)
    }

    @Test(arguments: [1.0, 4, 16])
    func `a client that asks little is answered as if it were alone beside one that floods`(load: Double) {
        let capacity = Self.capacity(OverloadSimulation.Client(id: "a", rate: 1))
        let polite = OverloadSimulation.Client(id: "polite", rate: capacity / 10)
        var alone = OverloadSimulation(seed: 3, [polite], seconds: Self.seconds, target: 1)
        alone.run()
        var beside = OverloadSimulation(
            seed: 3, [polite, OverloadSimulation.Client(id: "flood", rate: capacity * load)], seconds: Self.seconds,
            target: 1)
        beside.run()
        let fate = beside.fates["polite"] ?? .init()
        #expect(Double(fate.latencies.count) >= 0.99 * Double(fate.offered))
        let slowest = fate.quantile(0.99)
        let usual = alone.fates["polite"]?.quantile(0.99) ?? 0
        #expect(slowest <= 3 * usual, "\(slowest) s, alone \(usual) s")
    }

    @Test func `clients that ask too much get equal parts of the engine whatever the size of their requests`() {
        let clients = [
            OverloadSimulation.Client(id: "small", rate: 300, size: 0.5, steps: 0),
            OverloadSimulation.Client(id: "large", rate: 60, size: 4, steps: 0),
            OverloadSimulation.Client(id: "captions", rate: 200),
            OverloadSimulation.Client(id: "most", rate: 800, size: 1, steps: 0),
        ]
        var simulation = OverloadSimulation(seed: 4, clients, seconds: Self.seconds, target: 1)
        simulation.run()
        let served = clients.map { simulation.fates[$0.id]?.served ?? 0 }
        let mean = served.reduce(0, +) / Double(served.count)
        for (client, seconds) in zip(clients, served) {
            #expect(abs(seconds - mean) <= 0.05 * mean, "\(client.id) had \(seconds) s, on average \(mean)")
        }
        #expect(simulation.longestBatch <= .milliseconds(30))
    }

    @Test func `of many who all ask more than their part, those who flood are answered no more than the others`() {
        let clients = (0..<30).map { OverloadSimulation.Client(id: ClientID("\($0)"), rate: $0 < 10 ? 40 : 10) }
        var simulation = OverloadSimulation(seed: 5, clients, seconds: 20, target: 1)
        simulation.run()
        let counts = clients.map { Double(simulation.fates[$0.id]?.inTime(1) ?? 0) }
        let (floods, others) = (counts[..<10], counts[10...])
        let usual = others.reduce(0, +) / Double(others.count)
        #expect((floods.max() ?? 0) <= 1.1 * usual, "\(counts)")
        #expect((counts.min() ?? 0) >= 0.3 * usual, "\(counts)")
    }
}
