import Glibc
import Media

/// Decodes in child processes: what hangs is killed, what crashes takes nothing with it, and what a hostile file takes over
/// has no files, no network, bounded memory, and sees nothing of another client.
///
/// A call takes an idle process or has one made, and gives it back; so there are as many as calls at once, and those are the
/// threads of a pool.
public final class DecoderProcesses: MediaDecoder {
    private let stock: DecoderStock
    private let limit: Duration
    private let patience: Duration

    /// Begins to start some.
    ///
    /// - Parameters:
    ///   - command: how each is started.
    ///   - count: how many to have ready, so that no request waits for one.
    ///   - limit: how long one upload may have a processor; and, where it has to give way, four times that altogether.
    ///   - patience: after what time an upload is long, so that it is asked how urgent it is.
    ///   - sandbox: whether they may work where their system calls cannot be filtered.
    public init(
        _ command: DecoderCommand, count: Int, limit: Duration, patience: Duration = .milliseconds(50),
        sandbox: Sandbox = .require
    ) {
        self.limit = limit
        self.patience = patience
        stock = DecoderStock(command, sandbox, new: count, kept: 2 * count)
        stock.start()
    }

    deinit { stock.stop() }

    /// See ``MediaDecoder/image(_:limits:as:for:)``.
    public func image(
        _ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition], for sender: Sender
    ) throws -> [PixelImage] {
        // Read here, where the whole file is: the child decodes it while it comes.
        let header = try ImageDecoder.header(of: bytes, limits: limits)
        let task = DecoderTask.image(
            header, maxBytes: limits.maxBytes, maxPixels: limits.maxPixels, maxSide: limits.maxSide,
            maxMemory: limits.maxMemory, maxScans: limits.maxScans, renditions)
        let job = Job(
            task: task, bytes: bytes, memory: ImageDecoder.memoryNeeded(for: header, as: renditions),
            maxAnswer: renditions.reduce(Self.refusalBytes) { $0 + $1.maxBytes(maxPixels: limits.maxPixels) },
            sender: sender)
        return try run(job) { try $0.images(renditions, maxPixels: limits.maxPixels) }
    }

    /// See ``MediaDecoder/audio(_:limits:sampleRate:for:)``.
    public func audio(
        _ bytes: [UInt8], limits: AudioLimits, sampleRate: Int, for sender: Sender
    ) throws -> AudioClip {
        let header = try AudioDecoder.header(of: bytes, limits: limits)
        let task = DecoderTask.audio(
            maxBytes: limits.maxBytes, maxSeconds: limits.maxSeconds, maxMemory: limits.maxMemory,
            sampleRate: sampleRate)
        let decoding = AudioDecoder.memoryNeeded(for: header, limits: limits, sampleRate: sampleRate)
        let job = Job(
            // The child holds the file as well, received piece by piece.
            task: task, bytes: bytes, memory: decoding + 2 * bytes.count,
            // A block more than the limit may be there before it is noticed.
            maxAnswer: Int((limits.maxSeconds + 1) * Double(sampleRate)) * MemoryLayout<Float>.size + Self.refusalBytes,
            sender: sender)
        return try run(job) { AudioClip(samples: try $0.samples(), sampleRate: sampleRate) }
    }

    /// Has a photo and a sound that are known to be good decoded by new processes.
    public func check() throws(DecoderFailure) {
        // What decodes what is long is not kept, so that each is decoded by a process that has done nothing yet.
        let sender = Sender("", isLong: true)
        do {
            let images = try image(Sample.photo, limits: ImageLimits(), as: [.reduced(least: 1)], for: sender)
            let clip = try audio(Sample.sound, limits: AudioLimits(), sampleRate: Sample.sampleRate, for: sender)
            guard images.count == 1, clip.samples.count == Sample.sampleCount else { throw DecoderFailure.broke }
        } catch {
            if let failure = error as? DecoderFailure, case .unavailable = failure { throw failure }
            throw .unavailable(.wrong)
        }
    }

    /// See ``MediaDecoder/confinement``.
    public var confinement: Confinement? { stock.confinement }

    /// The processes that wait for a client for whom they decoded before, for whoever measures them.
    public var keptIdentifiers: [Int32] { stock.keptIdentifiers }

    /// The processes that have decoded nothing yet, for whoever measures them.
    public var newIdentifiers: [Int32] { stock.newIdentifiers }

    private static let refusalBytes = 4096

    /// What a process is asked, and how.
    private struct Job {
        let task: DecoderTask
        let bytes: [UInt8]
        let memory: Int
        let maxAnswer: Int
        let sender: Sender
    }

    /// A process may be on its way out, unseen, when the upload comes: killed for want of memory, for instance. So only a
    /// second one, new, tells whether the upload is at fault.
    private func run<Value>(_ job: Job, _ read: (DecoderMessage) throws -> Value) throws -> Value {
        do {
            return try attempt(job, try process(for: job.sender.name), read)
        } catch let first as DecoderFailure where first.mayPass {
            do {
                return try attempt(job, try process(for: nil), read)
            } catch let second as DecoderFailure {
                // What the server could not do once is not held against the upload.
                throw first == .broke ? second : first
            }
        }
    }

    /// The one that decoded for the client before, or a new one.
    private func process(for client: String?) throws(DecoderFailure) -> DecoderProcess {
        do throws(DecoderFailure.Obstacle) {
            return if let client { try stock.take(for: client) } else { try stock.takeNew() }
        } catch {
            throw .unavailable(error)
        }
    }

    /// Has it done by this process, which waits for the sender's next if it is well.
    private func attempt<Value>(
        _ job: Job, _ process: DecoderProcess, _ read: (DecoderMessage) throws -> Value
    ) throws -> Value {
        var isWell = false
        defer { if isWell { stock.keep(process, for: job.sender.name) } else { stock.discard(process) } }
        let (answer, gaveWay) = try process.run(
            job.task, job.bytes, memory: job.memory, maxAnswer: job.maxAnswer, within: limit,
            patience: job.sender.isLong ? .zero : patience, urgency: job.sender.urgency)
        guard answer != .outOfMemory else { throw DecoderFailure.unavailable(.outOfMemory) }
        do {
            let value = try read(answer)
            isWell = !gaveWay && !job.sender.isLong
            return value
        } catch let refusal as MediaError {
            isWell = !gaveWay && !job.sender.isLong
            throw refusal
        }
    }
}

extension DecoderFailure {
    /// Whether a new process may do better.
    fileprivate var mayPass: Bool {
        switch self {
        case .tookTooLong, .unavailable(.cannotStart), .unavailable(.silent), .unavailable(.notConfined),
            .unavailable(.keptWaiting):
            false
        case .broke, .unavailable: true
        }
    }
}
