import CLinux
import Glibc

/// The system calls of this target with their constants in one shape, EINTR retried, errno read where it is fresh.
enum System {
    /// What a read or write on a non-blocking descriptor came to.
    enum Transfer: Equatable {
        case moved(Int)
        /// Nothing can move before the next readiness event.
        case wouldBlock
        /// The connection is broken.
        case failed(Int32)
    }

    static func receive(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer) -> Transfer {
        transfer { recv(descriptor, buffer.baseAddress, buffer.count, 0) }
    }

    /// Never raises SIGPIPE. `more` holds a packet back that further octets will fill.
    static func send(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, more: Bool) -> Transfer {
        let flags = Int32(MSG_NOSIGNAL) | (more ? Int32(MSG_MORE) : 0)
        return transfer { Glibc.send(descriptor, bytes.baseAddress, bytes.count, flags) }
    }

    private static func transfer(_ call: () -> Int) -> Transfer {
        while true {
            let result = call()
            if result >= 0 { return .moved(result) }
            switch errno {
            case EINTR: continue
            case EAGAIN: return .wouldBlock
            default: return .failed(errno)
            }
        }
    }

    /// Nanoseconds of a clock that never jumps.
    static func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Seconds since 1970.
    static func wallSeconds() -> Int {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME_COARSE, &time)
        return time.tv_sec
    }

    /// Lets the process have so many descriptors open, as far as it may allow itself that.
    static func allowDescriptors(_ count: Int) {
        var limit = rlimit()
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < count else { return }
        limit.rlim_cur = min(rlim_t(count), limit.rlim_max)
        setrlimit(resource, &limit)
    }

    /// The sentence of an error number.
    static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// Sets an integer option of a socket; whether the kernel agreed.
    @discardableResult
    static func setOption(_ descriptor: Int32, level: Int, _ option: Int, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(descriptor, Int32(level), Int32(option), &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }
}
