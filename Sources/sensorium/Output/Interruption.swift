import Glibc
import Synchronization

/// Signals that end the program wait until the line that is being written is whole, so that an interrupted run leaves no line
/// that is cut. A second one does not wait: nobody may be reading.
enum Interruption {
    private enum Stage {
        /// Nothing is being written.
        static let idle = 0
        /// Something is, and a signal has to wait.
        static let writing = 1
        /// Something is, and a signal waits.
        static let waiting = 2
        /// The program is about to end.
        static let ending = 3
    }

    private static let stage = Atomic(Stage.idle)
    private static let signal = Atomic<Int32>(0)
    /// What is said before the end: the address of its first byte, and how many there are.
    private static let parting = Atomic<UInt>(0)
    private static let partingCount = Atomic(0)

    /// From now on SIGINT, SIGTERM and SIGHUP wait for what is being written. Those that whoever started the program had
    /// ignored, as nohup does, stay ignored.
    static func prepare() {
        // Made now: a handler must not be the first to touch them.
        stage.store(Stage.idle, ordering: .sequentiallyConsistent)
        signal.store(0, ordering: .sequentiallyConsistent)
        parting.store(0, ordering: .sequentiallyConsistent)
        partingCount.store(0, ordering: .sequentiallyConsistent)
        for number in [SIGINT, SIGTERM, SIGHUP] {
            var action = sigaction()
            guard sigaction(number, nil, &action) == 0, action.__sigaction_handler.sa_handler == nil else { continue }
            action.__sigaction_handler.sa_handler = { Interruption.received($0) }
            action.sa_flags = SA_RESTART
            sigaction(number, &action, nil)
        }
    }

    /// What a signal that ends the program says first, on standard error.
    static func announce(_ sentence: StaticString) {
        guard sentence.hasPointerRepresentation else { return }
        partingCount.store(sentence.utf8CodeUnitCount, ordering: .sequentiallyConsistent)
        parting.store(UInt(bitPattern: sentence.utf8Start), ordering: .sequentiallyConsistent)
    }

    /// Does something that no signal cuts.
    static func heldOff<Value>(_ body: () -> Value) -> Value {
        if !change(Stage.idle, Stage.writing) { waitForTheEnd() }
        defer {
            if !change(Stage.writing, Stage.idle) { end(by: signal.load(ordering: .sequentiallyConsistent)) }
        }
        return body()
    }

    /// Ends the process by a signal, as if nothing had been done about it.
    static func end(by number: Int32) -> Never {
        raiseUnhandled(number)
        waitForTheEnd()
    }

    /// What runs when a signal comes: nothing but atomic values and calls that are allowed then (signal-safety(7)).
    private static func received(_ number: Int32) {
        while true {
            if change(Stage.idle, Stage.ending) { return raiseUnhandled(number) }
            signal.store(number, ordering: .sequentiallyConsistent)
            if change(Stage.writing, Stage.waiting) { return }
            // A second one, and a writer that does not get on; or the first is at it already.
            if stage.load(ordering: .sequentiallyConsistent) >= Stage.waiting { return raiseUnhandled(number) }
        }
    }

    private static func raiseUnhandled(_ number: Int32) {
        // A text of the program itself, which lasts as long as it does.
        if let sentence = UnsafePointer<UInt8>(bitPattern: parting.load(ordering: .sequentiallyConsistent)) {
            _ = write(STDERR_FILENO, sentence, partingCount.load(ordering: .sequentiallyConsistent))
        }
        var action = sigaction()
        sigaction(number, &action, nil)
        var alone = sigset_t()
        sigemptyset(&alone)
        sigaddset(&alone, number)
        pthread_sigmask(SIG_UNBLOCK, &alone, nil)
        raise(number)
    }

    private static func change(_ old: Int, _ new: Int) -> Bool {
        stage.compareExchange(expected: old, desired: new, ordering: .sequentiallyConsistent).exchanged
    }

    /// Another thread is ending the process.
    private static func waitForTheEnd() -> Never {
        while true { pause() }
    }
}
