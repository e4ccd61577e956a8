import CLinux
import Glibc

/// Threads that run one closure and end with it.
public enum SystemThread {
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    /// Runs `body` on a new detached thread.
    ///
    /// - Parameters:
    ///   - name: what `ps` and debuggers call it, of which Linux keeps 15 bytes.
    ///   - stackBytes: the size of its stack; nil for the system's.
    /// - Returns: 0, or the error number where the system has no thread to give.
    @discardableResult public static func start(
        named name: String? = nil, stackBytes: Int? = nil, _ body: @escaping @Sendable () -> Void
    ) -> Int32 {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
        if let stackBytes { pthread_attr_setstacksize(&attributes, stackBytes) }
        // The thread names itself: a detached one may be over before somebody else could.
        let short = name.map { String(decoding: $0.utf8.prefix(15), as: UTF8.self) }
        let context = Unmanaged.passRetained(
            Body {
                if let short { pthread_setname_np(pthread_self(), short) }
                body()
            })
        var thread = pthread_t()
        let status = pthread_create(
            &thread, &attributes,
            { argument in
                guard let argument else { return nil }
                // Balances the retain above: exactly one thread gets this pointer.
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, context.toOpaque())
        if status != 0 { context.release() }
        return status
    }

    /// Keeps the calling thread waiting for at least so long, whatever signals it handles meanwhile.
    public static func sleep(for time: Duration) {
        guard time > .zero else { return }
        let (seconds, attoseconds) = time.components
        var rest = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var left = timespec()
        // A signal that was handled ends the wait: what was left of it is waited for.
        while nanosleep(&rest, &left) != 0, errno == EINTR { rest = left }
    }
}
