import Decoders
import Logging
import Media
import OperatingSystem
import Synchronization

/// Knows whether uploads can be decoded, and says so in the log when that changes.
///
/// It is tried at the start, and again when a decoder failed by no fault of an upload; while it does not work, after 1 s, 2 s,
/// 4 s … up to a minute. A server that cannot decode is not ready.
final class DecoderWatch: MediaDecoder {
    private struct State {
        var obstacle: String?
        var isWatching = false
        var isSuspected = false
        var isStopped = false
    }

    private let decoder: any MediaDecoder
    private let logger: Logger
    private let pause: @Sendable (Duration) -> Void
    private let state = Mutex(State())

    /// Watches `decoder`.
    ///
    /// - Parameter pause: waits that long, on a thread of its own.
    init(
        _ decoder: any MediaDecoder, logger: Logger,
        pause: @escaping @Sendable (Duration) -> Void = { SystemThread.sleep(for: $0) }
    ) {
        self.decoder = decoder
        self.logger = logger
        self.pause = pause
    }

    /// Why nothing can be decoded now; nil where it can.
    var obstacle: String? { state.withLock(\.obstacle) }

    /// Tries once, and goes on trying elsewhere if that fails.
    func begin() {
        if !works() { watch() } else if let confinement { logger.info("Decoders: \(confinement.sentence).") }
    }

    /// Tries no more.
    func stop() { state.withLock { $0.isStopped = true } }

    /// See `MediaDecoder`.
    func image(
        _ bytes: [UInt8], limits: ImageLimits, as renditions: [ImageRendition], for sender: Sender
    ) throws -> [PixelImage] {
        try noticing { try decoder.image(bytes, limits: limits, as: renditions, for: sender) }
    }

    /// See `MediaDecoder`.
    func audio(_ bytes: [UInt8], limits: AudioLimits, sampleRate: Int, for sender: Sender) throws -> AudioClip {
        try noticing { try decoder.audio(bytes, limits: limits, sampleRate: sampleRate, for: sender) }
    }

    /// See `MediaDecoder`.
    func check() throws(DecoderFailure) { try decoder.check() }

    /// See `MediaDecoder`.
    var confinement: Confinement? { decoder.confinement }

    private func noticing<Value>(_ decode: () throws -> Value) throws -> Value {
        do {
            return try decode()
        } catch let failure as DecoderFailure {
            switch failure {
            // Decoders work: others had the processors.
            case .tookTooLong, .broke, .unavailable(.keptWaiting): break
            case .unavailable(let obstacle):
                logger.warning("An upload could not be decoded. \(obstacle)")
                watch()
            }
            throw failure
        }
    }

    /// Tries whether decoding works; what changed is logged.
    private func works() -> Bool {
        var failure: DecoderFailure?
        do throws(DecoderFailure) { try decoder.check() } catch { failure = error }
        let found = failure?.description
        let before = state.withLock { state in
            defer { state.obstacle = found }
            return state.obstacle
        }
        if let found, found != before { logger.error("Not ready: uploads cannot be decoded. \(found)") }
        if found == nil, before != nil { logger.info("Uploads can be decoded again.") }
        return found == nil
    }

    /// Tries on a thread of its own until it works. One thread at a time.
    private func watch() {
        let isFirst = state.withLock { state in
            state.isSuspected = true
            defer { state.isWatching = true }
            return !state.isWatching && !state.isStopped
        }
        guard isFirst else { return }
        SystemThread.start { [self] in
            var wait = Duration.seconds(1)
            while !isOver() {
                guard !works() else { continue }
                suspect()
                pause(wait)
                wait = min(wait * 2, .seconds(60))
            }
        }
    }

    private func suspect() { state.withLock { $0.isSuspected = true } }

    /// Whether there is nothing to be tried any more; then the next suspicion starts another thread.
    private func isOver() -> Bool {
        state.withLock { state in
            defer { state.isSuspected = false }
            guard state.isStopped || !state.isSuspected else { return false }
            state.isWatching = false
            return true
        }
    }
}

extension Confinement {
    /// What holds, for the log.
    fileprivate var sentence: String {
        let parts = [("seccomp", seccomp), ("landlock", landlock), ("namespaces", namespaces)]
        return parts.map { "\($0) \($1 ? "on" : "OFF, not permitted here")" }.joined(separator: ", ")
    }
}
