import CConfinement
import CLinux
import Dispatch
import Glibc
import Media
import OperatingSystem

/// The decoder processes themselves, and the one that they are copied from.
public enum DecoderWorker {
    /// The hidden command of the program that runs it.
    public static let command = "decode-worker"
    /// Arrays that are allocated anew for each photo are kept below this size.
    private static let keptMemory: Int32 = 8 << 20

    /// Runs until standard input is closed: copies itself for every connection that comes over it, and each copy decodes what
    /// comes by its own. Returns the exit code of whichever process returns.
    ///
    /// - Parameter memory: bytes that each copy may take beyond what is mapped now.
    public static func run(memory: Int) -> Int32 { run(memory: memory) { serve($0, number: $1) } }

    /// The same with another thing to do for a copy, the first of which has number 1; for tests.
    package static func run(memory: Int, serve: (_ socket: Int32, _ number: Int) -> Int32) -> Int32 {
        // The server ends it by closing the connection; a signal for the whole service must not end it before.
        for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        // Below the event loops, as the server's own decoder threads are.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, keptMemory / 2)
        mallopt(M_TRIM_THRESHOLD, keptMemory)
        // What the libraries set up when they are first used is there before it is copied.
        _ = try? ImageDecoder.decode(Sample.photo)
        _ = try? AudioDecoder.decode(Sample.sound, sampleRate: 2 * Sample.sampleRate)
        let mapped = mapped_bytes()
        var landlock = false
        var namespaces = false
        let refused = isolate(&landlock, &namespaces)
        guard mapped > 0, refused == 0 else { return 10 + refused }
        var copies = 0
        while true {
            let connection = receive_descriptor(0)
            guard connection >= 0 else { return 0 }
            copies += 1
            let copy = fork_for_parent()
            if copy == 0 {
                let hello = [landlock ? 1 : 0, namespaces ? 1 : 0]
                return begin(connection, memory: memory, mapped: Int(mapped), hello) { serve($0, copies) }
            }
            let answer = copy > 0 ? Int(copy) : -Int(errno)
            close(connection)
            guard say([answer], MessageSocket(descriptor: 0)) else { return 0 }
        }
    }

    /// What a copy does: gives up what it does not need, says what holds, and serves.
    private static func begin(
        _ connection: Int32, memory: Int, mapped: Int, _ isolation: [Int], _ serve: (Int32) -> Int32
    ) -> Int32 {
        dup2(connection, 0)
        close(connection)
        endWithServer()
        // The thread that waits for that has its stack since then.
        let mapped = mapped + (1 << 20)
        let refused = confine(UInt64(mapped + max(0, memory)))
        guard refused == 0 else { return 10 + refused }
        let filter = filter_calls()
        guard say([Int(filter)] + isolation + [mapped], MessageSocket(descriptor: 0)) else { return 0 }
        return serve(0)
    }

    private static func say(_ numbers: [Int], _ socket: MessageSocket) -> Bool {
        (try? socket.send(numbers, UnsafeRawBufferPointer(start: nil, count: 0), .endless)) != nil
    }

    /// Decodes until the connection is closed.
    package static func serve(_ descriptor: Int32, number: Int) -> Int32 {
        let socket = MessageSocket(descriptor: descriptor)
        while true {
            guard let head = try? socket.receiveHead(.endless), let memory = head.numbers.first,
                let task = DecoderTask(Array(head.numbers.dropFirst()))
            else { return 0 }
            let file = ByteStream(count: head.bytes) { piece in
                // Whole pieces: what becomes of a damaged file must not depend on how fast it comes.
                (try? socket.receive(into: piece, .endless)) == nil ? 0 : piece.count
            }
            // Asked before anything is decoded: what fails for want of memory later looks as if the file were damaged.
            let answer = can_map(UInt64(max(0, memory))) ? task.run(file) : .outOfMemory
            // The server reads no answer before all of the file is gone: what is behind the image or a refusal too.
            guard file.discard() else { return 0 }
            let sent: Void? = try? answer.bytes.withUnsafeBufferPointer { (bytes) throws(MessageSocket.Failure) in
                try socket.send(answer.numbers, UnsafeRawBufferPointer(bytes), .endless)
            }
            guard sent != nil else { return 0 }
            if head.bytes + answer.bytes.count > Int(keptMemory) { malloc_trim(0) }
        }
    }

    /// Ends the process when the server is gone, whatever it does at that moment: the kernel closes the other end of the
    /// connection however the server ended. (A death signal would follow the thread that started the process instead.)
    private static func endWithServer() {
        // It must have begun before calls are forbidden: a thread's own beginning needs some.
        let begun = DispatchSemaphore(value: 0)
        SystemThread.start(stackBytes: 128 << 10) {
            begun.signal()
            var entry = pollfd(fd: 0, events: 0, revents: 0)
            while poll(&entry, 1, -1) <= 0 {}
            _exit(0)
        }
        begun.wait()
    }
}
