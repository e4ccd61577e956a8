import CConfinement
import Glibc

/// A child process that decodes uploads of one client, one after the other, and is killed where it takes too long.
final class DecoderProcess: Sendable {
    /// What it is kept in.
    let confinement: Confinement
    /// Why its system calls are not filtered; 0 where they are.
    let filterError: Int32
    /// The process, for tests that kill it.
    let processIdentifier: pid_t
    private let socket: MessageSocket
    /// Address space that it has before it decodes anything.
    private let mapped: Int

    /// Takes over a process that was started, once it says that it is ready.
    init(_ identifier: pid_t, _ socket: MessageSocket, _ patience: Patience) throws(DecoderFailure.Obstacle) {
        let hello = try? socket.receive(maxBytes: 0, patience)
        guard let numbers = hello?.numbers, numbers.count == 4 else {
            close(socket.descriptor)
            kill(identifier, SIGKILL)
            Self.collect(identifier)
            throw .silent
        }
        processIdentifier = identifier
        self.socket = socket
        filterError = Int32(truncatingIfNeeded: numbers[0])
        confinement = Confinement(seccomp: numbers[0] == 0, landlock: numbers[1] == 1, namespaces: numbers[2] == 1)
        mapped = max(0, numbers[3])
    }

    deinit {
        // Whatever it does: nobody waits for it any more.
        close(socket.descriptor)
        kill(processIdentifier, SIGKILL)
        Self.collect(processIdentifier)
    }

    /// Whether it waits for a task: it has not ended meanwhile, killed for want of memory for instance, and said nothing
    /// unasked.
    var isReady: Bool { socket.isQuiet }

    /// Ends the connection, as the server's end would, for tests.
    func closeConnection() { shutdown(socket.descriptor, Int32(SHUT_RDWR)) }

    /// Has a task done.
    ///
    /// - Parameters:
    ///   - memory: what decoding takes at most, in bytes.
    ///   - limit: how long it may take: of a processor, and of time four times that where it has to give way.
    ///   - patience: after what time it is long, so that `urgency` says how much of a processor it gets from then on.
    ///   - urgency: see ``Sender``.
    /// - Returns: what it answered, and whether it had to give way.
    /// - Throws: what became of it; `unavailable(.keptWaiting)` where it still wants a processor when its time is over.
    func run(
        _ task: DecoderTask, _ bytes: [UInt8], memory: Int, maxAnswer: Int, within limit: Duration, patience: Duration,
        urgency: @escaping (Duration) -> Urgency
    ) throws(DecoderFailure) -> (answer: DecoderMessage, gaveWay: Bool) {
        let start = ContinuousClock.now
        limit_process(
            processIdentifier, UInt64(limit.components.seconds) + 1, UInt64(mapped + memory + Self.unaccountedMemory))
        var clock = ProcessorClock(processIdentifier)
        defer { _ = urgency(clock.lap()) }
        var lowest = Urgency.usual
        let waiting = Patience(
            until: start + limit,
            watch: (
                start + patience, Self.lookInterval,
                {
                    let now = urgency(clock.lap())
                    if now < lowest {
                        lowest = now
                        self.lower(to: now)
                    }
                    return start + limit * Self.stretching
                }
            ))
        do throws(MessageSocket.Failure) {
            try bytes.withUnsafeBufferPointer { (bytes) throws(MessageSocket.Failure) in
                try socket.send([memory] + task.numbers, UnsafeRawBufferPointer(bytes), waiting)
            }
            return (try socket.receive(maxBytes: maxAnswer, waiting), lowest < .usual)
        } catch {
            switch error {
            case .closed: throw DecoderFailure(ending(), limit)
            // Had it had a processor for as long as it may, that would have ended it.
            case .late where lowest < .usual && !isAsleep:
                throw .unavailable(.keptWaiting(seconds: (limit * Self.stretching).inSeconds))
            case .late: throw .tookTooLong(seconds: limit.inSeconds)
            }
        }
    }

    /// Whether it waits for something other than a processor, by what the kernel says of it (proc(5)).
    private var isAsleep: Bool {
        guard let file = fopen("/proc/\(processIdentifier)/stat", "r") else { return false }
        defer { fclose(file) }
        var line = [UInt8](repeating: 0, count: 512)
        let length = fread(&line, 1, line.count, file)
        // Number, name in brackets, state: the name may have brackets itself.
        guard let name = line.prefix(length).lastIndex(of: UInt8(ascii: ")")), name + 2 < length else { return false }
        return line[name + 2] == UInt8(ascii: "S")
    }

    /// Heap that a process keeps between uploads, pieces of files on their way, rounding.
    private static let unaccountedMemory = 24 << 20

    /// How much longer what is long may take, for it waits for others meanwhile.
    private static let stretching = 4
    /// How often what is long is asked how urgent it is.
    private static let lookInterval = Duration.milliseconds(10)

    /// SCHED_IDLE of <linux/sched.h>, which Swift's Glibc module leaves out.
    private static let idlePolicy: Int32 = 5

    /// Gives it less of the processors, for good.
    private func lower(to urgency: Urgency) {
        switch urgency {
        case .usual: break
        case .shared: _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(processIdentifier), 10)
        case .low: _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), id_t(processIdentifier), 19)
        case .idle:
            var none = sched_param(sched_priority: 0)
            _ = sched_setscheduler(processIdentifier, Self.idlePolicy, &none)
        }
    }

    /// How a process ended that closed its connection.
    enum Ending: Equatable {
        case exited
        case signal(Int32)
        /// It goes on without a connection.
        case none
    }

    /// How it ended. Its status is there before its connection closes, unless it closed that itself.
    func ending() -> Ending {
        for _ in 0..<50 {
            var information = siginfo_t()
            // It stays to be collected, so that its number belongs to nobody else before `deinit`.
            let result = waitid(P_PID, id_t(processIdentifier), &information, WEXITED | WNOHANG | WNOWAIT)
            if result == 0, information._sifields._sigchld.si_pid != 0 {
                return information.si_code == CLD_EXITED ? .exited : .signal(information._sifields._sigchld.si_status)
            }
            usleep(1_000)
        }
        return .none
    }

    /// Lets the kernel forget a child that has ended.
    static func collect(_ identifier: pid_t) {
        while waitpid(identifier, nil, 0) < 0, errno == EINTR {}
    }
}

extension DecoderFailure {
    /// What the end of a process in the middle of its work says: these signals come of what the process did itself.
    fileprivate init(_ ending: DecoderProcess.Ending, _ limit: Duration) {
        switch ending {
        case .signal(SIGXCPU): self = .tookTooLong(seconds: limit.inSeconds)
        case .signal(SIGSEGV), .signal(SIGBUS), .signal(SIGILL), .signal(SIGABRT), .signal(SIGFPE), .signal(SIGTRAP),
            .signal(SIGSYS), .exited, .none:
            self = .broke
        case .signal(let number): self = .unavailable(.killed(signal: number))
        }
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
