import Media
import Synchronization

/// Decodes in child processes: what hangs is killed, what crashes takes nothing with it, and what a hostile file takes over
/// has no files, no network and bounded memory.
///
/// A call takes an idle process or starts one, and gives it back; so there are as many as calls at once, and those are the
/// threads of a pool. A process that failed is replaced at once.
public final class DecoderProcesses: MediaDecoder {
    private let command: DecoderCommand
    private let limit: Duration
    private let idle: Mutex<[Held]>

    /// A process in the keeping of one thread at a time.
    private struct Held: @unchecked Sendable {
        // The list gives each to one call, which alone uses it until it gives it back: see `run`.
        let process: DecoderProcess
    }

    /// Starts some.
    ///
    /// - Parameters:
    ///   - command: how each is started.
    ///   - count: how many to start now, so that no request waits for it.
    ///   - limit: how long one upload may take.
    public init(_ command: DecoderCommand, count: Int, limit: Duration) {
        self.command = command
        self.limit = limit
        // One that cannot be started now is tried again when it is needed; that call says why.
        idle = Mutex((0..<count).compactMap { _ in try? Held(process: DecoderProcess(command)) })
    }

    /// See ``MediaDecoder/image(_:limits:as:)``.
    public func image(_ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition]) throws -> [PixelImage] {
        // Read here, where the whole file is: the child decodes it while it comes.
        let header = try ImageDecoder.header(of: bytes, limits: limits)
        let task = DecoderTask.image(
            header, maxBytes: limits.maxBytes, maxPixels: limits.maxPixels, maxSide: limits.maxSide,
            maxMemory: limits.maxMemory, maxScans: limits.maxScans, renditions)
        let most = renditions.reduce(Self.refusalBytes) { $0 + $1.maxBytes(maxPixels: limits.maxPixels) }
        return try run(task, bytes, maxAnswer: most) { try $0.images(renditions, maxPixels: limits.maxPixels) }
    }

    /// See ``MediaDecoder/audio(_:limits:sampleRate:)``.
    public func audio(_ bytes: [UInt8], limits: AudioLimits, sampleRate: Int) throws -> AudioClip {
        let task = DecoderTask.audio(
            maxBytes: limits.maxBytes, maxSeconds: limits.maxSeconds, maxMemory: limits.maxMemory,
            sampleRate: sampleRate)
        // A block more than the limit may be there before it is noticed.
        let most = Int((limits.maxSeconds + 1) * Double(sampleRate)) * MemoryLayout<Float>.size + Self.refusalBytes
        return try run(task, bytes, maxAnswer: most) {
            AudioClip(samples: try $0.samples(), sampleRate: sampleRate)
        }
    }

    /// The processes that are idle, for whoever measures them.
    public var idleIdentifiers: [Int32] { idle.withLock { $0.map(\.process.processIdentifier) } }

    private static let refusalBytes = 4096

    /// The idle process that was used last, if one is there and still runs.
    private func takeReady() -> Held? {
        while let held = idle.withLock({ $0.popLast() }) {
            if held.process.isReady { return held }
        }
        return nil
    }

    /// An idle process may be on its way out, unseen, when the upload comes: killed for want of memory, for instance. So only
    /// one that was started for the upload tells that the upload is at fault.
    private func run<Value>(
        _ task: DecoderTask, _ bytes: [UInt8], maxAnswer: Int, _ read: (DecoderMessage) throws -> Value
    ) throws -> Value {
        do {
            if let held = takeReady() {
                do {
                    return try run(held, task, bytes, maxAnswer: maxAnswer, read)
                } catch MessageSocket.Failure.closed {}
            }
            return try run(Held(process: DecoderProcess(command)), task, bytes, maxAnswer: maxAnswer, read)
        } catch let refusal as MediaError {
            throw refusal
        } catch let unavailable as DecoderFailure where unavailable != .broke {
            throw unavailable
        } catch {
            // The next is started before it is needed.
            if let next = try? Held(process: DecoderProcess(command)) { idle.withLock { $0.append(next) } }
            if case MessageSocket.Failure.late = error { throw DecoderFailure.tookTooLong(seconds: limit.inSeconds) }
            throw DecoderFailure.broke
        }
    }

    /// Has the task done by this process, which becomes idle if it answers; otherwise it is dropped, which kills it.
    private func run<Value>(
        _ held: Held, _ task: DecoderTask, _ bytes: [UInt8], maxAnswer: Int, _ read: (DecoderMessage) throws -> Value
    ) throws -> Value {
        let answer = try held.process.run(task, bytes, maxAnswer: maxAnswer, within: limit)
        do {
            let value = try read(answer)
            idle.withLock { $0.append(held) }
            return value
        } catch let refusal as MediaError {
            idle.withLock { $0.append(held) }
            throw refusal
        }
    }
}

extension Duration {
    fileprivate var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
