import CLinux
import Glibc

/// A request that has arrived and is on its way to an answer.
struct LoadRequest {
    /// The number of the traffic it belongs to.
    let traffic: Int
    let message: [UInt8]
    let arrival: ContinuousClock.Instant
}

/// One connection of the load loop, which never blocks: it sends and receives what the socket takes and has.
final class LoadConnection {
    enum Progress {
        case waiting
        case answered(AnswerReader.Answer)
        /// Broken or closed. An idle connection that the server closed before it saw the request is no failure of the request.
        case broken(mayRepeat: Bool)
    }

    let descriptor: Int32
    private(set) var request: LoadRequest?
    private var sent = 0
    private var isReused = false
    private var reader = AnswerReader(keepsBody: false)

    /// - Parameter request: sent as soon as the connection is made.
    init(_ target: Target, from source: String?, _ request: LoadRequest) throws(ConnectionFailure) {
        descriptor = try ClientSocket.open(target, from: source, nonBlocking: true)
        self.request = request
    }

    deinit { close(descriptor) }

    /// Takes the next request.
    func begin(_ request: LoadRequest) {
        self.request = request
        sent = 0
        isReused = true
    }

    /// Goes as far as the socket does. Receives before it sends: a server that refuses early closes, and its answer is still there.
    func advance(_ buffer: inout [UInt8]) -> Progress {
        guard let request else { return isStillOpen ? .waiting : .broken(mayRepeat: false) }
        var isOver = false
        while !isOver {
            do {
                if var answer = try reader.next() {
                    if sent < request.message.count { answer.staysOpen = false }
                    self.request = nil
                    return .answered(answer)
                }
            } catch {
                return .broken(mayRepeat: false)
            }
            let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
            if count > 0 {
                reader.append(buffer.prefix(count))
            } else if count < 0, errno == EAGAIN || errno == EINTR || errno == ENOTCONN {
                break
            } else {
                isOver = true
            }
        }
        if isOver {
            guard let answer = reader.end() else { return .broken(mayRepeat: isReused && reader.isBetweenAnswers) }
            self.request = nil
            return .answered(answer)
        }
        sendRest(of: request.message)
        return .waiting
    }

    /// Whether an idle connection may be used again: nothing was sent unasked, and it was not closed.
    private var isStillOpen: Bool {
        var octet: UInt8 = 0
        return recv(descriptor, &octet, 1, Int32(MSG_PEEK)) < 0 && errno == EAGAIN
    }

    /// A failure shows when the socket is read next.
    private func sendRest(of message: [UInt8]) {
        while sent < message.count {
            let count = message.withUnsafeBytes {
                send(descriptor, $0.baseAddress?.advanced(by: sent), message.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
}
