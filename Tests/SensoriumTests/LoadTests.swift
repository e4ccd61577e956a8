import Testing

@testable import sensorium

@Suite struct `Load and its figures` {
    @Test func `Poisson arrivals are as many as the rate says, in order, and the same for the same seed`() {
        let times = Traffic.arrivals(perSecond: 200, for: 50, seed: 3)
        #expect(times.count == 10_000)
        #expect(times == times.sorted() && times.allSatisfy { (0..<50).contains($0) })
        #expect(times == Traffic.arrivals(perSecond: 200, for: 50, seed: 3))
        #expect(times != Traffic.arrivals(perSecond: 200, for: 50, seed: 4))
    }

    @Test func `times between Poisson arrivals are exponential`() {
        let times = Traffic.arrivals(perSecond: 100, for: 200, seed: 1)
        let pauses = zip(times, times.dropFirst()).map { $1 - $0 }
        // Of an exponential distribution e^-1 is longer than the mean.
        let long = Double(pauses.count { $0 > 0.01 }) / Double(pauses.count)
        #expect(abs(long - 0.3679) < 0.01)
    }

    private func sample(_ status: Int?, _ milliseconds: Int) -> LoadSample {
        LoadSample(status: status, latency: .milliseconds(milliseconds), retryAfter: nil)
    }

    @Test func `goodput counts what was done within the limit, and neither late answers nor quick refusals`() {
        let figures = LoadFigures(
            [sample(200, 10), sample(201, 999), sample(200, 1001), sample(503, 1), sample(nil, 5)], seconds: 2,
            within: 1)
        #expect(figures.goodput == 1)
        #expect(figures.throughput == 1.5)
        #expect(figures.answered == 3 && figures.refused == 1 && figures.unanswered == 1)
        #expect(figures.latency(0.5) == 999 && figures.lateness(0.99) == 1)
    }

    @Test func `a quantile of nothing is none`() {
        let figures = LoadFigures([sample(503, 1)], seconds: 1)
        #expect(figures.latency(0.99) == nil)
    }

    @Test func `a key may end in equals signs, and its share stands behind another`() {
        #expect(LoadClient(argument: "c2VjcmV0==")?.name == "c2VjcmV0==")
        #expect(LoadClient(argument: "127.0.0.2=0.5")?.name == "127.0.0.2")
        #expect(LoadClient(argument: "127.0.0.2=0.5")?.share == 0.5)
        #expect(LoadClient(argument: "a=0") == nil)
    }

    @Test func `a figure that is no number or never came misses its bound`() {
        #expect(!Figure("p99", .nan, "ms", .atMost(1)).isHeld)
        #expect(!Figure("p99", .infinity, "ms", .atMost(1)).isHeld)
        #expect(Figure("p99", 1, "ms", .atMost(1)).isHeld)
        #expect(!Figure("share", 0.98, "", .atLeast(0.99)).isHeld)
        #expect(Figure("for orientation", .infinity).isHeld)
    }
}
