import CLinux
import Glibc

/// A child process that decodes one upload after the other, and is killed where it takes too long.
final class DecoderProcess {
    private let socket: MessageSocket
    private let identifier: pid_t

    /// Starts `executable`, connected by its standard input, with nothing else of this process open in it.
    init(_ command: DecoderCommand) throws(DecoderFailure) {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .unavailable(errno: errno) }
        defer { close(ends[1]) }
        var identifier: pid_t = 0
        let result = Self.spawn(command, ends[1], &identifier)
        guard result == 0 else {
            close(ends[0])
            throw .unavailable(errno: result)
        }
        for end in ends { Self.enlarge(end) }
        socket = MessageSocket(descriptor: ends[0])
        self.identifier = identifier
    }

    deinit {
        // Whatever it does: nobody waits for it any more.
        close(socket.descriptor)
        kill(identifier, SIGKILL)
        while waitpid(identifier, nil, 0) < 0, errno == EINTR {}
    }

    /// The process, for tests that kill it.
    var processIdentifier: pid_t { identifier }

    /// Whether it waits for a task: it has not ended meanwhile, killed for want of memory for instance, and said nothing
    /// unasked.
    var isReady: Bool { socket.isQuiet }

    /// Ends the connection, as the server's end would, for tests.
    func closeConnection() { shutdown(socket.descriptor, Int32(SHUT_RDWR)) }

    /// Has a task done.
    func run(
        _ task: DecoderTask, _ bytes: [UInt8], maxAnswer: Int, within limit: Duration
    ) throws(MessageSocket.Failure) -> DecoderMessage {
        let deadline = ContinuousClock.now + limit
        let seconds = Int(limit.components.seconds) + 1
        try bytes.withUnsafeBufferPointer { (bytes) throws(MessageSocket.Failure) in
            try socket.send([seconds] + task.numbers, UnsafeRawBufferPointer(bytes), before: deadline)
        }
        return try socket.receive(maxBytes: maxAnswer, before: deadline)
    }

    /// Room for a whole photo, so that neither side waits for the other within it. The system may grant less.
    private static func enlarge(_ descriptor: Int32) {
        var size: Int32 = 1 << 20
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }

    private static func spawn(_ command: DecoderCommand, _ input: Int32, _ identifier: inout pid_t) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, 0)
        for output in [Int32(1), 2] { posix_spawn_file_actions_addopen(&actions, output, "/dev/null", O_WRONLY, 0) }
        posix_spawn_file_actions_addclosefrom_np(&actions, 3)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: what a terminal sends to the server's group must not end decoders before the server is done.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = ([command.executable] + command.arguments).map { strdup($0) }
        defer { for argument in arguments { free(argument) } }
        arguments.append(nil)
        // No variables: a decoder depends on none, and they may hold secrets.
        var environment: [UnsafeMutablePointer<CChar>?] = [nil]
        return posix_spawn(&identifier, command.executable, &actions, &attributes, &arguments, &environment)
    }
}

/// How a decoder process is started.
public struct DecoderCommand: Sendable {
    /// The path of the program.
    public let executable: String
    /// What it is called with.
    public let arguments: [String]

    /// A program that runs ``DecoderWorker``.
    public init(executable: String, arguments: [String]) {
        self.executable = executable
        self.arguments = arguments
    }

    /// This program itself, as the hidden command that decodes.
    ///
    /// - Parameter memory: bytes that the process may take beyond what it starts with.
    public static func thisProgram(memory: Int) -> DecoderCommand {
        DecoderCommand(executable: "/proc/self/exe", arguments: [DecoderWorker.command, String(memory)])
    }
}
