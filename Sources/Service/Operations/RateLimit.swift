/// How often each client may ask: `10/s`, `600/m`, `1000/h`, or with a burst `10/s:30` (`--rate-limit`).
public struct RateLimit: Sendable, Equatable {
    /// Requests per second in the long run.
    public var perSecond: Double
    /// Requests that may come at once after a pause; at least 1.
    public var burst: Int

    /// A limit; the burst defaults to one second's worth.
    public init(perSecond: Double, burst: Int? = nil) {
        precondition(perSecond > 0 && perSecond.isFinite, "a limit of 0 would admit nobody")
        self.perSecond = perSecond
        self.burst = max(1, burst ?? Int(min(perSecond.rounded(.up), 1e9)))
    }

    /// Reads a limit; nil unless it is a whole number of 1 to 1,000,000 per `s`, `m` or `h`, with or without a burst in the
    /// same range. Without one, the burst is the number itself: `600/m` may come as 600 at once.
    public init?(_ text: String) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let rate = (parts.first ?? "").split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, rate.count == 2, let count = Self.number(rate[0]) else { return nil }
        let seconds: Double
        switch rate[1] {
        case "s": seconds = 1
        case "m": seconds = 60
        case "h": seconds = 3600
        default: return nil
        }
        if parts.count == 2 {
            guard let burst = Self.number(parts[1]) else { return nil }
            self.init(perSecond: Double(count) / seconds, burst: burst)
        } else {
            self.init(perSecond: Double(count) / seconds, burst: count)
        }
    }

    private static func number(_ text: Substring) -> Int? {
        // `Int` alone would read a sign, too.
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return Int(text).flatMap { (1...1_000_000).contains($0) ? $0 : nil }
    }
}
