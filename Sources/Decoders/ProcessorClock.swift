import Glibc

/// The processor time of a process or a thread, in laps.
public struct ProcessorClock {
    private let clock: clockid_t?
    private var last = Duration.zero

    /// The clock of that process; one that stands still where the system has none for it.
    init(_ process: pid_t) {
        var clock = clockid_t()
        guard clock_getcpuclockid(process, &clock) == 0 else {
            self.init(clock: nil)
            return
        }
        self.init(clock: clock)
    }

    /// The clock of the calling thread.
    public static func ofThread() -> ProcessorClock { ProcessorClock(clock: CLOCK_THREAD_CPUTIME_ID) }

    private init(clock: clockid_t?) {
        self.clock = clock
        last = reading ?? .zero
    }

    /// What it has had since the last call.
    public mutating func lap() -> Duration {
        guard let reading, reading > last else { return .zero }
        defer { last = reading }
        return reading - last
    }

    private var reading: Duration? {
        guard let clock else { return nil }
        var time = timespec()
        guard clock_gettime(clock, &time) == 0 else { return nil }
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
