/// Takes connections from the listeners and deals them out to the loops; lives on the first loop.
final class Acceptor {
    /// Tokens from here up to the loop's wake token belong to listeners.
    static let firstToken = UInt64.max - 1 - 255
    /// How long to leave the queue alone when descriptors are exhausted.
    private static let exhaustedDelay: UInt64 = 100_000_000
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

    /// Accepts what waits, within the bound of connections. `deal` takes each connection with the index of its loop.
    func accept(
        _ poller: borrowing Poller, _ shared: ServerState, deal: (Int32, SocketAddress, Int) -> Void,
        retryLater: (UInt64) -> Void
    ) {
        start(poller)
        for listener in listeners {
            taking: for _ in 0..<Self.acceptsInTurn {
                if shared.isFull() {
                    stop(poller)
                    return
                }
                switch listener.accept() {
                case .none: break taking
                case .exhausted:
                    stop(poller)
                    retryLater(Self.exhaustedDelay)
                    return
                case .connection(let descriptor, let peer):
                    shared.opened()
                    deal(descriptor, peer, nextLoop)
                    nextLoop = (nextLoop + 1) % loops
                }
            }
        }
    }
}
