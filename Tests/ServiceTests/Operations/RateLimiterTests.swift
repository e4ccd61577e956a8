import Synchronization
import Testing

@testable import Service

/// A clock that only the test moves.
final class ManualClock: Sendable {
    private let time = Mutex(ContinuousClock.now)

    var now: ContinuousClock.Instant { time.withLock { $0 } }

    func advance(by duration: Duration) {
        time.withLock { $0 = $0.advanced(by: duration) }
    }
}

@Suite struct RateLimiterTests {
    private let clock = ManualClock()

    private func limiter(_ limit: RateLimit, maxClients: Int = 100) -> RateLimiter {
        RateLimiter(limit, maxClients: maxClients) { [clock] in clock.now }
    }

    @Test(arguments: [
        ("10/s", RateLimit(perSecond: 10, burst: 10)), ("600/m", RateLimit(perSecond: 10, burst: 600)),
        ("3600/h:5", RateLimit(perSecond: 1, burst: 5)), ("1/s:1", RateLimit(perSecond: 1, burst: 1)),
    ])
    func `a limit is read with its unit and burst`(text: String, limit: RateLimit) {
        #expect(RateLimit(text) == limit)
    }

    @Test(arguments: [
        "", "10", "10/", "/s", "0/s", "-1/s", "+1/s", "1.5/s", "10/d", "10/s:", "10/s:0", "10/s:1:1", "10 /s",
        "1000001/s",
        "99999999999999999999/s",
    ])
    func `what is no limit is not read`(text: String) {
        #expect(RateLimit(text) == nil)
    }

    @Test func `a burst passes, then requests pass as fast as the rate`() {
        let limiter = limiter(RateLimit(perSecond: 2, burst: 3))
        let client = Client.address("192.0.2.1")
        for _ in 1...3 { #expect(limiter.admit(client) == .admitted) }
        #expect(limiter.admit(client) == .refused(retryAfterSeconds: 1))
        clock.advance(by: .milliseconds(499))
        #expect(limiter.admit(client) == .refused(retryAfterSeconds: 1))
        clock.advance(by: .milliseconds(1))
        #expect(limiter.admit(client) == .admitted)
        #expect(limiter.admit(client) == .refused(retryAfterSeconds: 1))
    }

    @Test func `a refused request costs nothing and learns when to come again`() {
        let limiter = limiter(RateLimit(perSecond: 1.0 / 60, burst: 1))
        let client = Client.address("192.0.2.1")
        #expect(limiter.admit(client) == .admitted)
        for _ in 1...5 { #expect(limiter.admit(client) == .refused(retryAfterSeconds: 60)) }
        clock.advance(by: .milliseconds(58_500))
        #expect(limiter.admit(client) == .refused(retryAfterSeconds: 2))
        clock.advance(by: .milliseconds(1500))
        #expect(limiter.admit(client) == .admitted)
    }

    @Test func `a long pause saves up no more than the burst`() {
        let limiter = limiter(RateLimit(perSecond: 10, burst: 2))
        let client = Client.address("192.0.2.1")
        _ = limiter.admit(client)
        clock.advance(by: .seconds(3600))
        #expect((1...3).map { _ in limiter.admit(client) } == [.admitted, .admitted, .refused(retryAfterSeconds: 1)])
    }

    @Test func `over a long time the admitted are what the rate allows`() {
        let limiter = limiter(RateLimit(perSecond: 7, burst: 5))
        var admitted = 0
        for _ in 0..<10_000 {
            clock.advance(by: .milliseconds(10))
            if limiter.admit(.address("192.0.2.1")) == .admitted { admitted += 1 }
        }
        #expect((700...705).contains(admitted))
    }

    @Test func `clients do not share a bucket`() {
        let limiter = limiter(RateLimit(perSecond: 1, burst: 1))
        #expect(limiter.admit(.address("192.0.2.1")) == .admitted)
        #expect(limiter.admit(.address("192.0.2.2")) == .admitted)
        #expect(limiter.admit(.key(APIKeys.Identity(number: 1))) == .admitted)
        #expect(limiter.admit(.address("192.0.2.1")) == .refused(retryAfterSeconds: 1))
    }

    @Test func `a full table shares one bucket among newcomers until known clients are idle`() {
        let limiter = limiter(RateLimit(perSecond: 1, burst: 1), maxClients: 3)
        for index in 1...3 { #expect(limiter.admit(.address("\(index)")) == .admitted) }
        #expect(limiter.admit(.address("4")) == .admitted)
        #expect(limiter.admit(.address("5")) == .refused(retryAfterSeconds: 1))
        #expect(limiter.clientCount == 4)
        clock.advance(by: .seconds(2))
        #expect(limiter.admit(.address("5")) == .admitted)
        #expect(limiter.admit(.address("6")) == .admitted)
        #expect(limiter.clientCount == 2)
    }

    @Test(arguments: [
        ("127.0.0.1", "127.0.0.1"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"), ("::1", "0:0:0:0::/64"), ("not:an:address", "not:an:address"),
    ])
    func `an IPv6 client is known by its network`(address: String, client: String) {
        #expect(Client.from(address: address) == .address(client))
    }
}
