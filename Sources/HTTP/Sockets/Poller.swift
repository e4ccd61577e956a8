import CLinux
import Glibc

/// An epoll instance. Everything is registered once, edge-triggered: no system call per request but receive and send.
struct Poller: ~Copyable {
    /// Readiness of one registered descriptor.
    struct Readiness {
        /// What it was registered under.
        var token: UInt64
        private var events: UInt32

        fileprivate init(_ event: epoll_event) {
            token = event.data.u64
            events = event.events
        }

        var isReadable: Bool { events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue) != 0 }
        var isWritable: Bool { events & EPOLLOUT.rawValue != 0 }
        /// The peer will send nothing more; it may still read.
        var peerFinished: Bool { events & EPOLLRDHUP.rawValue != 0 }
        /// Both directions are over: reset by the peer, or closed by both sides.
        var isBroken: Bool { events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 }
    }

    private let descriptor: Int32
    private var buffer = [epoll_event](repeating: epoll_event(), count: 256)

    /// Makes the kernel's part, which an instance then owns: so it can fail before the loop's thread exists.
    static func open() throws(HTTPServerError) -> Int32 {
        let descriptor = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard descriptor >= 0 else { throw .systemCall("epoll_create1", reason: System.reason(errno)) }
        return descriptor
    }

    /// Takes over a descriptor of `open`.
    init(owning descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Registers for reading and writing, edge-triggered.
    func add(_ target: Int32, token: UInt64) -> Bool {
        control(target, token, EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue)
    }

    /// Registers for reading, level-triggered: for listeners, whose queue is not always emptied.
    func addLevelTriggered(_ target: Int32, token: UInt64) -> Bool { control(target, token, EPOLLIN.rawValue) }

    func remove(_ target: Int32) { epoll_ctl(descriptor, EPOLL_CTL_DEL, target, nil) }

    private func control(_ target: Int32, _ token: UInt64, _ events: UInt32) -> Bool {
        var event = epoll_event()
        event.events = events
        event.data.u64 = token
        return epoll_ctl(descriptor, EPOLL_CTL_ADD, target, &event) == 0
    }

    /// Waits for readiness at most `milliseconds` (-1: without end), then calls `body` for each.
    mutating func wait(milliseconds: Int32, _ body: (Readiness) -> Void) {
        let count = epoll_wait(descriptor, &buffer, Int32(buffer.count), milliseconds)
        // EINTR counts as nothing ready: the loop looks at its timers and comes back.
        for index in 0..<max(0, Int(count)) { body(Readiness(buffer[index])) }
    }
}
