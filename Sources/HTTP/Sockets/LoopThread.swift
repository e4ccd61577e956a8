import CLinux
import Glibc

/// A named thread that runs one closure to its end.
struct LoopThread: Sendable {
    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private let handle: pthread_t

    /// Starts the thread.
    init(name: String, _ run: @escaping @Sendable () -> Void) throws(HTTPServerError) {
        var handle = pthread_t()
        // The retained body is released by the thread itself, or below if there never is one.
        let body = Unmanaged.passRetained(Body(run))
        let code = pthread_create(
            &handle, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            throw .systemCall("pthread_create", reason: System.reason(code))
        }
        pthread_setname_np(handle, name)
        self.handle = handle
    }

    /// Blocks until the closure has returned; to be called once.
    func join() { pthread_join(handle, nil) }
}
