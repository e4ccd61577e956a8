import CLinux
import Glibc
import OperatingSystem
import Synchronization

/// Connections that each send something to begin with and then a little at a time, and come back when they are closed.
///
/// One ``AttackerThread`` plays all of them, twenty times a second.
final class Crowd: Sendable {
    /// What one connection sends.
    struct Script: Sendable {
        let opening: [UInt8]
        /// Sent again and again; empty for nothing.
        var dribble: [UInt8] = []
    }

    /// How the connections behave.
    struct Plan: Sendable {
        let count: Int
        /// Addresses of this machine, taken in turn.
        let sources: [String]
        /// Taken in turn.
        let scripts: [Script]
        /// Seconds between two pieces of the dribble.
        var pause = 0.5
        /// Whether answers are taken. Where they are not, the kernel holds little of them for the client.
        var reads = true
        /// Seconds before the others' requests are measured, in which the crowd gets in place.
        var lead = 1.0
    }

    private let target: Target
    private let plan: Plan
    private let isOver = Atomic(false)
    private let returned = Mutex(0)

    private init(_ target: Target, _ plan: Plan) {
        self.target = target
        self.plan = plan
    }

    /// Runs `body` while the crowd is there; gives what it gave, and how many connections were closed by the server and came back.
    static func beside<Result>(
        _ target: Target, _ plan: Plan, _ body: () throws -> Result
    ) rethrows -> (result: Result, returned: Int) {
        let crowd = Crowd(target, plan)
        let ended = AttackerThread.start { crowd.play() }
        defer {
            crowd.isOver.store(true, ordering: .relaxed)
            ended.wait()
        }
        SystemThread.sleep(for: .seconds(plan.lead))
        let result = try body()
        return (result, crowd.returned.withLock(\.self))
    }

    /// The server sends nothing more. poll.h declares it under _GNU_SOURCE alone; epoll's number is the same (poll(2)).
    private static let finished = Int16(EPOLLRDHUP.rawValue)

    private func play() {
        var members = (0..<plan.count).map { Member(number: $0, script: plan.scripts[$0 % plan.scripts.count]) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while !isOver.load(ordering: .relaxed) {
            let now = ContinuousClock.now
            for index in members.indices where members[index].descriptor < 0 {
                let source = plan.sources[index % plan.sources.count]
                if members[index].join(target, from: source, plan, now) { returned.withLock { $0 += 1 } }
            }
            var polled = members.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN) | Self.finished, revents: 0) }
            poll(&polled, nfds_t(polled.count), 0)
            for index in members.indices where members[index].descriptor >= 0 {
                members[index].go(on: polled[index].revents, plan, now, &buffer)
            }
            SystemThread.sleep(for: .milliseconds(50))
        }
        for member in members where member.descriptor >= 0 { close(member.descriptor) }
    }

    /// One connection, or what is left of it.
    private struct Member {
        let script: Script
        /// Below zero while there is no connection.
        private(set) var descriptor: Int32 = -1
        private var rest: ArraySlice<UInt8> = []
        private var nextPiece: ContinuousClock.Instant
        private var hasBeenThere = false
        /// Spreads the pieces of all over the pause.
        private let share: Double

        init(number: Int, script: Script) {
            self.script = script
            nextPiece = .now
            share = Double(number * 7919 % 1000) / 1000
        }

        /// Connects, if it can; whether it had been there before.
        mutating func join(_ target: Target, from source: String, _ plan: Plan, _ now: ContinuousClock.Instant) -> Bool
        {
            let room: Int32? = plan.reads ? nil : 4 << 10
            guard let opened = try? ClientSocket.open(target, from: source, nonBlocking: true, buffers: room)
            else { return false }
            descriptor = opened
            rest = script.opening[...]
            nextPiece = now + .seconds(plan.pause * (1 + share))
            defer { hasBeenThere = true }
            return hasBeenThere
        }

        /// Reads what is there, if it reads, and sends what is due.
        mutating func go(
            on events: Int16, _ plan: Plan, _ now: ContinuousClock.Instant, _ buffer: inout [UInt8]
        ) {
            var isClosed = events & (Int16(POLLERR | POLLHUP) | Crowd.finished) != 0
            if plan.reads, events & Int16(POLLIN) != 0, recv(descriptor, &buffer, buffer.count, 0) == 0 {
                isClosed = true
            }
            if isClosed {
                close(descriptor)
                descriptor = -1
                return
            }
            if rest.isEmpty, now >= nextPiece {
                rest = script.dribble[...]
                nextPiece += .seconds(plan.pause)
            }
            guard !rest.isEmpty else { return }
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            // What the socket does not take now is sent later; a broken connection shows itself when it is polled.
            if count > 0 { rest = rest.dropFirst(count) }
        }
    }
}
