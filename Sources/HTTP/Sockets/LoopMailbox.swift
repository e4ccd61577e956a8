import Synchronization

/// What other threads tell an event loop. The loop is woken when the first message comes into an empty box.
final class LoopMailbox: Sendable {
    enum Message: Sendable {
        /// An answer, or a part of one, was given.
        case look(ServerExchange)
        /// A connection which another loop accepted.
        case adopt(SocketAddress, Seat)
        /// A connection lost its seat to another.
        case evict(Seat)
        case stopAccepting
        /// Close what is idle, and every connection after its present answer.
        case drain
        /// Close everything and end.
        case stop
    }

    private let messages = Mutex<[Message]>([])
    let signal: Signal

    init() throws(HTTPServerError) { signal = try Signal() }

    func post(_ message: Message) {
        let wasEmpty = messages.withLock { messages in
            messages.append(message)
            return messages.count == 1
        }
        if wasEmpty { signal.raise() }
    }

    func takeAll() -> [Message] {
        messages.withLock { messages in
            let taken = messages
            messages = []
            return taken
        }
    }
}
