import Glibc

/// Why a decoder gave neither a result nor a refusal.
public enum DecoderFailure: Error, Equatable, Sendable {
    /// It was stopped because it took longer than allowed.
    case tookTooLong(seconds: Double)
    /// It crashed, ended, or answered what no decoder of ours answers, twice.
    case broke
    /// The server had no decoder for it, twice.
    case unavailable(Obstacle)

    /// What keeps a server from decoding. None of it is the fault of an upload.
    public enum Obstacle: Error, Equatable, Sendable {
        /// No process could be started: the system said so with this error number.
        case cannotStart(errno: Int32)
        /// A process was started and said nothing, or nothing that a decoder says.
        case silent
        /// The filter of system calls cannot be set, by this error number, and `--sandbox require` wants it.
        case notConfined(errno: Int32)
        /// Somebody else ended the process with this signal: the kernel for want of memory, or a person.
        case killed(signal: Int32)
        /// The system did not give the memory that the decode needs by its header, and that the limits allow.
        case outOfMemory
        /// Others kept the processors from it for all these seconds: a request that comes later may find them free.
        case keptWaiting(seconds: Double)
        /// A decoder is there but does not decode what is known to be good.
        case wrong
    }
}

extension DecoderFailure: CustomStringConvertible {
    /// What happened and what to do, as two sentences. `tookTooLong` and `broke` are the upload's fault.
    public var description: String {
        switch self {
        case .tookTooLong(let seconds):
            "Decoding took longer than \(seconds) s (--decode-seconds) and was stopped. Save the file anew, smaller, and "
                + "send it again."
        case .broke: "The decoder failed on these bytes. Save the file anew, in an ordinary format, and send it again."
        case .unavailable(let obstacle): obstacle.description
        }
    }
}

extension DecoderFailure.Obstacle: CustomStringConvertible {
    /// What is wrong with the server and what can be done, as two sentences.
    public var description: String {
        switch self {
        case .cannotStart(let number):
            "No decoder process could be started: \(Self.words(number)). Raise the limits of processes, descriptors and "
                + "memory (ulimit -u, -n, -v, or those of the container)."
        case .silent:
            "A decoder process was started but did not come up. Look whether the program was replaced or lacks memory."
        case .notConfined(let number):
            "Decoder processes cannot be confined: the filter of system calls is refused (\(Self.words(number))). Permit "
                + "seccomp(2) in the container's profile, or accept decoders without it by --sandbox try."
        case .killed(let signal):
            "Decoder processes were ended by somebody else (signal \(signal)). Give the server more memory if it was the "
                + "kernel (its log says so), or find who sends signals."
        case .outOfMemory:
            "The system does not give decoder processes the memory that they need. Raise ulimit -v or the memory of the "
                + "machine, or lower --max-memory."
        case .keptWaiting(let seconds):
            "Others kept the processors busy, so that decoding was not done in \(seconds) s. Send it again later, or a smaller "
                + "file."
        case .wrong:
            "A decoder process does not decode what is known to be good. Look whether the program was replaced."
        }
    }

    private static func words(_ number: Int32) -> String { "error \(number), \(String(cString: strerror(number)))" }
}
