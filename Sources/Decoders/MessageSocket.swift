import Glibc

/// One end of the connection between the server and a decoder process.
struct MessageSocket {
    /// Why no message came or went.
    enum Failure: Error {
        /// The other end is gone, or said more than it may.
        case closed
        /// The time is over.
        case late
    }

    let descriptor: Int32

    /// Sends a message. `bytes` are those of the message, which is given without them.
    func send(_ numbers: [Int], _ bytes: UnsafeRawBufferPointer, _ patience: Patience) throws(Failure) {
        let head = DecoderMessage.raw([numbers.count, bytes.count] + numbers)
        try head.withUnsafeBufferPointer { (head) throws(Failure) in
            try sendAll(UnsafeRawBufferPointer(head), patience)
        }
        try sendAll(bytes, patience)
    }

    /// Receives a message of at most `maxBytes` bytes.
    func receive(maxBytes: Int, _ patience: Patience) throws(Failure) -> DecoderMessage {
        let head = try receiveHead(patience)
        guard head.bytes <= maxBytes else { throw .closed }
        return DecoderMessage(numbers: head.numbers, bytes: try receiveAll(head.bytes, patience))
    }

    /// Receives what a message has before its bytes, and says how many these are: they are still to be received.
    func receiveHead(_ patience: Patience) throws(Failure) -> (numbers: [Int], bytes: Int) {
        let counts = DecoderMessage.numbers(
            try receiveAll(DecoderMessage.headNumbers * MemoryLayout<Int>.size, patience))
        guard (0...DecoderMessage.maxNumbers).contains(counts[0]), counts[1] >= 0 else { throw .closed }
        return (DecoderMessage.numbers(try receiveAll(counts[0] * MemoryLayout<Int>.size, patience)), counts[1])
    }

    /// Receives as many bytes as `target` has room for.
    func receive(into target: UnsafeMutableRawBufferPointer, _ patience: Patience) throws(Failure) {
        var rest = target[...]
        while !rest.isEmpty {
            let part = UnsafeMutableRawBufferPointer(rebasing: rest)
            let received = recv(descriptor, part.baseAddress, part.count, flags)
            if received > 0 {
                rest = rest.dropFirst(received)
            } else {
                try waitOrThrow(received, POLLIN, patience)
            }
        }
    }

    /// Whether the other end is there and nothing came from it.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, flags | Int32(MSG_PEEK)) < 0 && errno == EAGAIN
    }

    private func sendAll(_ bytes: UnsafeRawBufferPointer, _ patience: Patience) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.send(descriptor, part.baseAddress, part.count, flags)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else {
                try waitOrThrow(count, POLLOUT, patience)
            }
        }
    }

    private func receiveAll(_ count: Int, _ patience: Patience) throws(Failure) -> [UInt8] {
        guard count > 0 else { return [] }
        var failure: Failure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            do throws(Failure) {
                try receive(into: UnsafeMutableRawBufferPointer(target), patience)
                // All of it is written, or it has thrown.
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private var flags: Int32 { Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT) }

    /// After a call that moved nothing: waits until it may, or says why it never will.
    private func waitOrThrow(_ result: Int, _ event: Int32, _ patience: Patience) throws(Failure) {
        if result < 0, errno == EINTR { return }
        guard result < 0, errno == EAGAIN else { throw .closed }
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        let left = patience.milliseconds()
        guard left != 0 else { throw .late }
        _ = poll(&entry, 1, left)
    }
}

/// How long a message is waited for.
final class Patience {
    /// What is done meanwhile, from a time on and then at intervals. It says when the end is from then on.
    typealias Watch = (time: ContinuousClock.Instant, interval: Duration, look: () -> ContinuousClock.Instant)

    private var end: ContinuousClock.Instant?
    private var watch: Watch?

    /// Until `end`, or for ever.
    init(until end: ContinuousClock.Instant?, watch: Watch? = nil) {
        self.end = end
        self.watch = watch
    }

    /// Without an end.
    static var endless: Patience { Patience(until: nil) }

    /// How long to wait before asking again, for `poll`: 0 once the time is over, -1 for ever.
    fileprivate func milliseconds() -> Int32 {
        let now = ContinuousClock.now
        if let watch, now >= watch.time {
            end = watch.look()
            self.watch?.time = now + watch.interval
        }
        let next = [watch?.time, end].compactMap { $0 }.min()
        return next.map { Self.milliseconds(now.duration(to: $0)) } ?? -1
    }

    /// Rounded up, so that no wait is over too early; 0 once the time is over.
    private static func milliseconds(_ duration: Duration) -> Int32 {
        guard duration > .zero else { return 0 }
        let (seconds, attoseconds) = duration.components
        return Int32(clamping: seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
