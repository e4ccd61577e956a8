import CLinux
import Glibc

/// A counter in the kernel that wakes a poller or a waiting thread; usable from any thread.
final class Signal: Sendable {
    let descriptor: Int32

    init() throws(HTTPServerError) {
        descriptor = eventfd(0, Int32(EFD_NONBLOCK) | Int32(EFD_CLOEXEC))
        guard descriptor >= 0 else { throw .systemCall("eventfd", reason: System.reason(errno)) }
    }

    deinit { close(descriptor) }

    /// Wakes whoever waits. An edge-triggered poller need not read the counter back.
    func raise() {
        var one: UInt64 = 1
        write(descriptor, &one, 8)
    }

    /// Blocks until raised or until the time is over; whether it was raised.
    func wait(milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, milliseconds) > 0 else { return false }
        var value: UInt64 = 0
        read(descriptor, &value, 8)
        return true
    }
}
