import Synchronization

/// Whom connections are counted for.
enum Holder: Hashable, Sendable {
    /// Everybody behind an IPv4 address, or behind the first 64 bits of an IPv6 address, of which one client has all the rest.
    case network(prefix: UInt64, isIPv6: Bool)
    /// The connection itself: of a trusted proxy, behind which are many clients, or of a peer without an address.
    case connection(descriptor: Int32)
}

/// A connection's place in the ledger. Its own loop writes it, every loop reads it.
final class Seat: Sendable {
    /// What the connection is at, in the order in which it may be closed for another's sake.
    enum Activity: UInt64 {
        /// Between two requests, or after the last.
        case idle
        /// The client is sending a request, or is to send its first.
        case sending
        /// The client is to read what waits for it.
        case reading
        /// The client waits for its answer.
        case answering
    }

    let holder: Holder
    let loop: Int
    let descriptor: Int32
    /// The activity above a time of the loops' clock.
    private let status: Atomic<UInt64>
    /// Octets of answers that wait here.
    let unsent = Atomic<Int>(0)

    private static let timeBits: UInt64 = 62

    init(_ holder: Holder, loop: Int, descriptor: Int32, now: UInt64) {
        (self.holder, self.loop, self.descriptor) = (holder, loop, descriptor)
        status = Atomic(0)
        note(.sending, since: now)
    }

    /// Notes what the connection is at, and since when its client has done nothing (nanoseconds). For a request that is being sent:
    /// when it would have begun had it come no faster than it must.
    func note(_ activity: Activity, since: UInt64) {
        status.store(activity.rawValue << Self.timeBits | since, ordering: .relaxed)
    }

    var activity: Activity { Activity(rawValue: dispensability >> Self.timeBits) ?? .answering }

    /// How long the client has done nothing, or how far it is behind.
    func age(_ now: UInt64) -> UInt64 {
        let since = dispensability & (1 << Self.timeBits - 1)
        return now > since ? now - since : 0
    }

    /// Whether the client is more than two seconds behind with sending its request or reading its answer.
    func isSlow(_ now: UInt64) -> Bool {
        (activity == .sending || activity == .reading) && age(now) > 2_000_000_000
    }

    /// Orders connections by how readily they can be closed, most readily first: by activity, then the slowest.
    var dispensability: UInt64 { status.load(ordering: .relaxed) }
}
