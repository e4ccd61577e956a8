import CLinux
import Glibc
import Synchronization

/// Plays any number of clients on one thread, so that a late answer delays nobody's next request and the load takes little of
/// the cores that the server works on.
final class LoadLoop {
    /// What became of the requests of each traffic, and how long the loop ran.
    struct Outcome: Sendable {
        var samples: [[LoadSample]]
        var elapsed: Duration
    }

    private let target: Target
    private let traffic: [Traffic]
    private let poller: Int32
    private var connections: [UInt64: LoadConnection] = [:]
    private var nextToken: UInt64 = 0
    /// Tokens of connections that wait for a request, by traffic.
    private var idle: [[UInt64]]
    /// How many requests each traffic has begun.
    private var begun: [Int]
    private var outstanding = 0
    /// Traffic whose clients have their answer and send the next request.
    private var restarts: [Int] = []
    private var samples: [[LoadSample]]
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    private init(_ target: Target, _ traffic: [Traffic]) throws {
        self.target = target
        self.traffic = traffic
        poller = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard poller >= 0 else { throw CommandFailure.failed("No epoll instance could be made, error \(errno).") }
        idle = Array(repeating: [], count: traffic.count)
        begun = Array(repeating: 0, count: traffic.count)
        samples = Array(repeating: [], count: traffic.count)
    }

    deinit { close(poller) }

    /// Sends all the traffic at once and waits for its answers.
    ///
    /// - Parameters:
    ///   - seconds: for how long requests begin; nil where each traffic has a number of requests.
    ///   - patience: how long after that their answers are waited for.
    static func run(
        _ target: Target, _ traffic: [Traffic], for seconds: Double? = nil, patience: Double = 15, seed: UInt64 = 1
    ) throws -> Outcome {
        try LoadLoop(target, traffic).run(seconds, patience, seed)
    }

    /// Sends the traffic of one client while attackers send theirs, and waits for the answers of all.
    static func run(
        _ target: Target, _ polite: Traffic, beside hostile: [Traffic], for seconds: Double? = nil
    ) throws -> (polite: [LoadSample], hostile: [LoadSample]) {
        let attack = Mutex<Result<Outcome, any Error>?>(nil)
        let ended = AttackerThread.start {
            let outcome = Result { try run(target, hostile, for: seconds, seed: 2) }
            attack.withLock { $0 = outcome }
        }
        let outcome = Result { try run(target, [polite], for: seconds) }
        ended.wait()
        return (
            try outcome.get().samples[0], try attack.withLock { $0 }?.get().samples.flatMap(\.self) ?? []
        )
    }

    private func run(_ seconds: Double?, _ patience: Double, _ seed: UInt64) throws -> Outcome {
        let start = ContinuousClock.now
        let end = seconds.map { start + .seconds($0) }
        var schedule = schedule(seconds ?? 0, seed)[...]
        for (index, each) in traffic.enumerated() {
            if case .closed(let clients, _) = each.arrivals { restarts += Array(repeating: index, count: clients) }
        }
        while true {
            let now = ContinuousClock.now
            while let next = schedule.first, start + .seconds(next.time) <= now {
                schedule.removeFirst()
                begin(next.traffic, at: start + .seconds(next.time))
            }
            let due = restarts
            restarts = []
            for index in due where end.map({ now < $0 }) ?? true { beginClosed(index) }
            let isSending = !schedule.isEmpty || !restarts.isEmpty
            if !isSending, outstanding == 0 { break }
            if let end, now > end + .seconds(patience) { break }
            wait(restarts.isEmpty ? schedule.first.map { start + .seconds($0.time) - .now } : .zero)
        }
        let stop = ContinuousClock.now
        for connection in connections.values {
            if let request = connection.request { note(request, nil, at: stop) }
        }
        return Outcome(samples: samples, elapsed: start.duration(to: stop))
    }

    /// The arrivals of all Poisson traffic, in order.
    private func schedule(_ seconds: Double, _ seed: UInt64) -> [(time: Double, traffic: Int)] {
        var all: [(time: Double, traffic: Int)] = []
        for (index, each) in traffic.enumerated() {
            guard case .poisson(let rate) = each.arrivals else { continue }
            let times = Traffic.arrivals(perSecond: rate, for: seconds, seed: seed &+ UInt64(index))
            all += times.map { ($0, index) }
        }
        return all.sorted { $0.time < $1.time }
    }

    private func beginClosed(_ index: Int) {
        guard case .closed(_, let requests) = traffic[index].arrivals, begun[index] < requests else { return }
        begin(index, at: .now)
    }

    private func begin(_ index: Int, at arrival: ContinuousClock.Instant) {
        let messages = traffic[index].messages
        let request = LoadRequest(traffic: index, message: messages[begun[index] % messages.count], arrival: arrival)
        begun[index] += 1
        outstanding += 1
        while let token = idle[index].popLast() {
            guard let connection = connections[token] else { continue }
            connection.begin(request)
            return advance(token, connection)
        }
        open(request)
    }

    /// Sends a request on a connection of its own.
    private func open(_ request: LoadRequest) {
        do {
            let connection = try LoadConnection(target, from: traffic[request.traffic].source, request)
            let token = nextToken
            nextToken += 1
            var event = epoll_event()
            event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
            event.data.u64 = token
            guard epoll_ctl(poller, EPOLL_CTL_ADD, connection.descriptor, &event) == 0 else {
                return note(request, nil, at: .now)
            }
            connections[token] = connection
        } catch {
            note(request, nil, at: .now)
        }
    }

    /// Waits until a connection can go on, or for so long.
    private func wait(_ limit: Duration?) {
        var events = [epoll_event](repeating: epoll_event(), count: 256)
        // A clock that is looked at now and then ends a run whose answers do not come.
        let duration = max(.zero, min(limit ?? .milliseconds(100), .milliseconds(100)))
        var time = timespec(tv_sec: 0, tv_nsec: Int(duration.components.attoseconds / 1_000_000_000))
        let count = epoll_pwait2(poller, &events, Int32(events.count), &time, nil)
        for event in events.prefix(max(0, Int(count))) {
            if let connection = connections[event.data.u64] { advance(event.data.u64, connection) }
        }
    }

    private func advance(_ token: UInt64, _ connection: LoadConnection) {
        let request = connection.request
        switch connection.advance(&buffer) {
        case .waiting: return
        case .answered(let answer):
            if answer.staysOpen, let request {
                idle[request.traffic].append(token)
            } else {
                connections[token] = nil
            }
            if let request { note(request, answer, at: .now) }
        case .broken(let mayRepeat):
            connections[token] = nil
            guard let request else { return }
            if mayRepeat { open(request) } else { note(request, nil, at: .now) }
        }
    }

    private func note(_ request: LoadRequest, _ answer: AnswerReader.Answer?, at time: ContinuousClock.Instant) {
        outstanding -= 1
        samples[request.traffic].append(
            LoadSample(
                status: answer?.status, latency: request.arrival.duration(to: time), retryAfter: answer?.retryAfter))
        if case .closed = traffic[request.traffic].arrivals { restarts.append(request.traffic) }
    }
}
