import Glibc

/// Signals as a sequence of values. They are blocked in every thread and waited for in one, so that no handler ever
/// interrupts anything.
struct SignalWatch {
    /// What the operator asks for.
    enum Request {
        /// SIGTERM: a supervisor wants the server to end, without anybody noticing.
        case leave
        /// SIGINT: a person at a terminal wants it to end.
        case end
        /// SIGHUP: read files again.
        case reread
    }

    private var watched = sigset_t()

    /// Blocks the signals in this thread and in all that it starts from now on; so this comes before any other thread.
    init() {
        sigemptyset(&watched)
        for signal in [SIGTERM, SIGINT, SIGHUP] { sigaddset(&watched, signal) }
        pthread_sigmask(SIG_BLOCK, &watched, nil)
        // A client that goes while it is written to must not end the process.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Waits for the next one.
    func next() -> Request {
        var watched = watched
        var number: Int32 = 0
        while sigwait(&watched, &number) != 0 {}
        switch number {
        case SIGHUP: return .reread
        case SIGTERM: return .leave
        default: return .end
        }
    }
}
