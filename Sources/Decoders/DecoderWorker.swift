import CConfinement
import CLinux
import Foundation
import Media

/// The decoder process itself: decodes what comes by its standard input until that is closed.
public enum DecoderWorker {
    /// The hidden command of the program that runs it.
    public static let command = "decode-worker"
    /// Arrays that are allocated anew for each photo are kept below this size.
    private static let keptMemory: Int32 = 8 << 20

    /// Runs it; returns the exit code.
    ///
    /// - Parameter memory: bytes that may be taken beyond what is mapped now.
    public static func run(memory: Int) -> Int32 {
        // The server ends it by closing the connection; a signal for the whole service must not end it before.
        for number in [SIGTERM, SIGINT, SIGHUP, SIGPIPE] { signal(number, SIG_IGN) }
        // Below the event loops, as the server's own decoder threads are.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 5)
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, keptMemory / 2)
        mallopt(M_TRIM_THRESHOLD, keptMemory)
        endWithServer()
        let refused = confine(UInt64(max(0, memory)))
        guard refused == 0 else { return 10 + refused }
        return serve(MessageSocket(descriptor: 0))
    }

    private static func serve(_ socket: MessageSocket) -> Int32 {
        while true {
            guard let head = try? socket.receiveHead(before: nil), let seconds = head.numbers.first,
                let task = DecoderTask(Array(head.numbers.dropFirst()))
            else { return 0 }
            confine_processor_seconds(UInt64(max(1, seconds)))
            let file = ByteStream(count: head.bytes) { piece in
                // Whole pieces: what becomes of a damaged file must not depend on how fast it comes.
                (try? socket.receive(into: piece, before: nil)) == nil ? 0 : piece.count
            }
            let answer = task.run(file)
            // The server reads no answer before all of the file is gone: what is behind the image or a refusal too.
            guard file.discard() else { return 0 }
            let sent: Void? = try? answer.bytes.withUnsafeBufferPointer { (bytes) throws(MessageSocket.Failure) in
                try socket.send(answer.numbers, UnsafeRawBufferPointer(bytes), before: nil)
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
        let thread = Thread {
            begun.signal()
            var entry = pollfd(fd: 0, events: 0, revents: 0)
            while poll(&entry, 1, -1) <= 0 {}
            _exit(0)
        }
        thread.stackSize = 128 << 10
        thread.start()
        begun.wait()
    }
}
