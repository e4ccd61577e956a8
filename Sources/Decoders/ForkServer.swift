import CConfinement
import CLinux
import Glibc

/// A process of this program that is started once, and copied for every decoder: a copy is there in a millisecond, where the
/// program takes twenty to start, and no upload was ever near what is copied.
///
/// The copies are children of this process, which sees how each ends.
final class ForkServer: Sendable {
    private let socket: MessageSocket
    private let identifier: pid_t

    /// Starts `command`, connected by its standard input, with nothing else of this process open in it.
    init(_ command: DecoderCommand) throws(DecoderFailure.Obstacle) {
        let (ours, theirs) = try Self.connection()
        defer { close(theirs) }
        var identifier: pid_t = 0
        let result = Self.spawn(command, theirs, &identifier)
        guard result == 0 else {
            close(ours)
            throw .cannotStart(errno: result)
        }
        socket = MessageSocket(descriptor: ours)
        self.identifier = identifier
    }

    deinit {
        close(socket.descriptor)
        kill(identifier, SIGKILL)
        DecoderProcess.collect(identifier)
    }

    /// The process, for tests that kill it.
    var processIdentifier: pid_t { identifier }

    /// Makes a decoder process, which is ready when this returns. One call at a time.
    func fork() throws(DecoderFailure.Obstacle) -> DecoderProcess {
        let (ours, theirs) = try Self.connection()
        defer { close(theirs) }
        let patience = Patience(until: .now + Self.startingTime)
        guard send_descriptor(socket.descriptor, theirs), let copy = try? socket.receive(maxBytes: 0, patience),
            let number = copy.numbers.first.flatMap({ Int32(exactly: $0) })
        else {
            close(ours)
            throw .silent
        }
        guard number > 0 else {
            close(ours)
            throw .cannotStart(errno: -number)
        }
        return try DecoderProcess(number, MessageSocket(descriptor: ours), patience)
    }

    /// For the program to be loaded and a copy to be ready, on a machine that has much else to do.
    private static let startingTime = Duration.seconds(30)

    /// Two ends of a connection, with room for a whole photo, so that neither side waits for the other within it. The system
    /// may grant less.
    private static func connection() throws(DecoderFailure.Obstacle) -> (Int32, Int32) {
        var ends: [Int32] = [0, 0]
        let type = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw .cannotStart(errno: errno) }
        for end in ends {
            var size: Int32 = 1 << 20
            setsockopt(end, SOL_SOCKET, SO_SNDBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        }
        return (ends[0], ends[1])
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

/// How the program that decodes is started.
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
    /// - Parameter memory: bytes that each process may take beyond what it starts with.
    public static func thisProgram(memory: Int) -> DecoderCommand {
        DecoderCommand(executable: "/proc/self/exe", arguments: [DecoderWorker.command, String(memory)])
    }
}
