import Glibc

/// The processor time of a process, in laps.
struct ProcessorClock {
    private var clock: clockid_t?
    private var last = Duration.zero

    /// The clock of that process; one that stands still where the system has none for it.
    init(_ process: pid_t) {
        var clock = clockid_t()
        guard clock_getcpuclockid(process, &clock) == 0 else { return }
        self.clock = clock
        last = reading ?? .zero
    }

    /// What it has had since the last call.
    mutating func lap() -> Duration {
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
