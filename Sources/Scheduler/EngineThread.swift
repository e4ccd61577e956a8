import Glibc

/// A thread of its own for the engine, less urgent than the threads that serve connections.
enum EngineThread {
    /// How much less urgent (`nice`) the engine is than the rest of the process.
    static let niceness: Int32 = 10

    /// Runs `body` on a new detached thread. Returns the error number if the system has no thread to give.
    static func start(_ body: @escaping @Sendable () -> Void) -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))

        let context = Unmanaged.passRetained(Body(run: body))
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                // Linux keeps the nice value per thread, and 0 means the calling one. A refusal costs smoothness, not answers.
                let which = __priority_which_t(PRIO_PROCESS.rawValue)
                setpriority(which, 0, min(getpriority(which, 0) + EngineThread.niceness, 19))
                guard let argument else { return nil }
                // Balances the retain above: exactly one thread gets this pointer.
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if status != 0 { context.release() }
        return status
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(run: @escaping @Sendable () -> Void) {
            self.run = run
        }
    }
}
