import Glibc

/// Takes connections from the listeners and deals them out to the loops; lives on the first loop.
final class Acceptor {
    /// Tokens from here up to the loop's wake token belong to listeners.
    static let firstToken = UInt64.max - 1 - 255
    /// How long to leave the queue alone when descriptors are exhausted, and when one is about to be free.
    private static let exhaustedDelay: UInt64 = 100_000_000
    private static let evictedDelay: UInt64 = 1_000_000
    private static let acceptsInTurn = 64

    private let listeners: [Listener]
    private let loops: Int
    private var nextLoop = 0
    private var isListening = false

    init(listeners: [Listener], loops: Int) {
        self.listeners = listeners
        self.loops = loops
    }

    func start(_ poller: borrowing Poller) {
        guard !isListening else { return }
        isListening = true
        for (index, listener) in listeners.enumerated() {
            _ = poller.addLevelTriggered(listener.descriptor, token: Self.firstToken + UInt64(index))
        }
    }

    /// Leaves the queues alone.
    func stop(_ poller: borrowing Poller) {
        guard isListening else { return }
        isListening = false
        for listener in listeners { poller.remove(listener.descriptor) }
    }

    /// Accepts what waits. `deal` takes each connection that has a seat.
    func accept(
        _ poller: borrowing Poller, _ shared: ServerState, now: UInt64, deal: (SocketAddress, Seat) -> Void,
        retryLater: (UInt64) -> Void
    ) {
        start(poller)
        for listener in listeners {
            taking: for _ in 0..<Self.acceptsInTurn {
                switch listener.accept() {
                case .none: break taking
                case .exhausted:
                    stop(poller)
                    let evicted = shared.ledger.makeRoom(now)
                    if let evicted { shared.evict([evicted]) }
                    retryLater(evicted == nil ? Self.exhaustedDelay : Self.evictedDelay)
                    return
                case .connection(let descriptor, let peer):
                    switch shared.ledger.admit(peer, descriptor: descriptor, loop: nextLoop, now: now) {
                    case .refused: close(descriptor)
                    case .seated(let seat, let evicted):
                        if let evicted { shared.evict([evicted]) }
                        shared.opened()
                        deal(peer, seat)
                        nextLoop = (nextLoop + 1) % loops
                    }
                }
            }
        }
    }
}
