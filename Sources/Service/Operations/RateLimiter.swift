import Synchronization

/// Lets each client ask at a limited rate: a token bucket per API key or address.
///
/// A bucket is kept as one time (the generic cell rate algorithm): when it will be full again. Buckets that are full are as good
/// as unknown and are forgotten once the table is full. If it is full of busy clients, further ones share one bucket: memory
/// stays bounded, and whoever sends from a flood of addresses is limited as one.
public final class RateLimiter: Sendable {
    /// Whether a request may pass.
    public enum Admission: Sendable, Equatable {
        /// It may.
        case admitted
        /// It may not; one will be admitted after that many seconds, a whole number for `Retry-After`.
        case refused(retryAfterSeconds: Int)
    }

    private struct State {
        /// When each client's bucket will be full; nil stands for everybody for whom the table has no room.
        var fullAt: [Client?: ContinuousClock.Instant] = [:]
        /// When full buckets may be looked for again.
        var nextPurge: ContinuousClock.Instant?
    }

    /// The limit.
    public let limit: RateLimit
    private let maxClients: Int
    /// Time in which one request's worth comes back.
    private let interval: Duration
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state = Mutex(State())

    /// A limiter that knows nobody yet.
    ///
    /// - Parameters:
    ///   - limit: the rate and burst.
    ///   - maxClients: most buckets kept. Default: 65,536, some ten megabytes.
    ///   - now: the clock; tests give their own.
    public init(
        _ limit: RateLimit, maxClients: Int = 65_536,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        self.limit = limit
        self.maxClients = max(1, maxClients)
        self.now = now
        interval = .nanoseconds(Int64(min(1e9 / limit.perSecond, 1e18)))
    }

    /// How many buckets are kept.
    public var clientCount: Int { state.withLock { $0.fullAt.count } }

    /// Counts one request of that client, if it may pass.
    public func admit(_ client: Client) -> Admission {
        let now = now()
        return state.withLock { state in
            let key = slot(for: client, &state, at: now)
            let fullAt = max(state.fullAt[key] ?? now, now).advanced(by: interval)
            let earliest = fullAt.advanced(by: interval * -limit.burst)
            guard earliest <= now else {
                return .refused(retryAfterSeconds: max(1, Int(now.duration(to: earliest).inSeconds.rounded(.up))))
            }
            state.fullAt[key] = fullAt
            return .admitted
        }
    }

    private func slot(for client: Client, _ state: inout State, at now: ContinuousClock.Instant) -> Client? {
        if state.fullAt[client] != nil || state.fullAt.count < maxClients { return client }
        if state.nextPurge.map({ $0 <= now }) ?? true {
            state.fullAt = state.fullAt.filter { $0.value > now }
            // A table of busy clients is not searched for each newcomer.
            state.nextPurge = now.advanced(by: .seconds(1))
        }
        return state.fullAt.count < maxClients ? client : nil
    }
}
