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

    /// Sends a message before `deadline`; for ever without one. `bytes` are those of the message, which is given without them.
    func send(_ numbers: [Int], _ bytes: UnsafeRawBufferPointer, before deadline: ContinuousClock.Instant?)
        throws(Failure)
    {
        let head = DecoderMessage.raw([numbers.count, bytes.count] + numbers)
        try head.withUnsafeBufferPointer { (head) throws(Failure) in
            try sendAll(UnsafeRawBufferPointer(head), deadline)
        }
        try sendAll(bytes, deadline)
    }

    /// Receives a message of at most `maxBytes` bytes before `deadline`; for ever without one.
    func receive(maxBytes: Int, before deadline: ContinuousClock.Instant?) throws(Failure) -> DecoderMessage {
        let head = try receiveHead(before: deadline)
        guard head.bytes <= maxBytes else { throw .closed }
        return DecoderMessage(numbers: head.numbers, bytes: try receiveAll(head.bytes, deadline))
    }

    /// Receives what a message has before its bytes, and says how many these are: they are still to be received.
    func receiveHead(before deadline: ContinuousClock.Instant?) throws(Failure) -> (numbers: [Int], bytes: Int) {
        let counts = DecoderMessage.numbers(
            try receiveAll(DecoderMessage.headNumbers * MemoryLayout<Int>.size, deadline))
        guard (0...DecoderMessage.maxNumbers).contains(counts[0]), counts[1] >= 0 else { throw .closed }
        return (DecoderMessage.numbers(try receiveAll(counts[0] * MemoryLayout<Int>.size, deadline)), counts[1])
    }

    /// Receives as many bytes as `target` has room for.
    func receive(into target: UnsafeMutableRawBufferPointer, before deadline: ContinuousClock.Instant?) throws(Failure)
    {
        var rest = target[...]
        while !rest.isEmpty {
            let part = UnsafeMutableRawBufferPointer(rebasing: rest)
            let received = recv(descriptor, part.baseAddress, part.count, flags)
            if received > 0 {
                rest = rest.dropFirst(received)
            } else {
                try waitOrThrow(received, POLLIN, deadline)
            }
        }
    }

    /// Whether the other end is there and nothing came from it.
    var isQuiet: Bool {
        var byte: UInt8 = 0
        return recv(descriptor, &byte, 1, flags | Int32(MSG_PEEK)) < 0 && errno == EAGAIN
    }

    private func sendAll(_ bytes: UnsafeRawBufferPointer, _ deadline: ContinuousClock.Instant?) throws(Failure) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let part = UnsafeRawBufferPointer(rebasing: rest)
            let count = Glibc.send(descriptor, part.baseAddress, part.count, flags)
            if count > 0 {
                rest = rest.dropFirst(count)
            } else {
                try waitOrThrow(count, POLLOUT, deadline)
            }
        }
    }

    private func receiveAll(_ count: Int, _ deadline: ContinuousClock.Instant?) throws(Failure) -> [UInt8] {
        guard count > 0 else { return [] }
        var failure: Failure?
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { target, initialized in
            do throws(Failure) {
                try receive(into: UnsafeMutableRawBufferPointer(target), before: deadline)
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
    private func waitOrThrow(_ result: Int, _ event: Int32, _ deadline: ContinuousClock.Instant?) throws(Failure) {
        if result < 0, errno == EINTR { return }
        guard result < 0, errno == EAGAIN else { throw .closed }
        var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
        let left = deadline.map { Self.milliseconds(ContinuousClock.now.duration(to: $0)) }
        guard left != 0 else { throw .late }
        _ = poll(&entry, 1, left ?? -1)
    }

    /// Rounded up, so that no wait is over too early; 0 once the time is over.
    private static func milliseconds(_ duration: Duration) -> Int32 {
        guard duration > .zero else { return 0 }
        let (seconds, attoseconds) = duration.components
        return Int32(clamping: seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
