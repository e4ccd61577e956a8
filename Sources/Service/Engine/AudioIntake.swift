import Decoders
import Media
import Scheduler
import Tasks

/// Decodes uploaded sounds: header, limits, memory, samples, log-mel spectrogram.
struct AudioIntake: Sendable {
    let decoder: any MediaDecoder
    let limits: AudioLimits
    let memory: MemoryBudget
    let metrics: Metrics

    /// A clip as the audio tower takes it.
    struct Decoded {
        let input: ModelInput
        let seconds: Double
        /// What the file says of itself.
        let header: AudioHeader
        /// The memory of the input, set aside until it is computed with: see ``SoundPreparation/keptBytes(samples:)``.
        let memory: MemoryReservation
    }

    /// Decodes the bytes of a file for a tower.
    func decode(_ bytes: [UInt8], of sender: Sender, for tower: SoundPreparation) throws -> Decoded {
        var limits = limits
        if let most = tower.mostSeconds { limits.maxSeconds = min(limits.maxSeconds, most) }
        do {
            let header = try AudioDecoder.header(of: bytes, limits: limits)
            let decoding = AudioDecoder.memoryNeeded(
                for: header, limits: limits, sampleRate: tower.sampleRate, inAnotherProcess: true)
            guard decoding <= limits.maxMemory else {
                throw MediaError.audioTooLong(
                    reason: "decoding it takes \(decoding >> 20) MiB, more than \(limits.maxMemory >> 20)")
            }
            guard let held = memory.reserve(decoding, for: ClientID(sender.name)) else {
                throw Problem.memoryIsFull(memory)
            }
            let clip = try decoder.audio(bytes, limits: limits, sampleRate: tower.sampleRate, for: sender)
            metrics.audioSeconds().add(clip.seconds)
            let count = clip.samples.count
            guard count >= tower.leastSamples else {
                throw Problem(
                    .audioTooShort,
                    "The audio is too short: the model needs \(tower.leastSamples) samples at \(tower.sampleRate) Hz, "
                        + "and it has \(count). Send a longer one.")
            }
            let kept = tower.keptBytes(samples: count)
            guard held.grow(to: kept + tower.makingBytes(samples: count)) else { throw Problem.memoryIsFull(memory) }
            let input = tower.input(of: clip.samples)
            held.shrink(to: kept)
            return Decoded(input: input, seconds: clip.seconds, header: header, memory: held)
        } catch let error as MediaError {
            metrics.decodeFailures(error.formatLabel).add()
            throw error
        } catch let failure as DecoderFailure {
            metrics.decodeFailures(failure.label).add()
            throw failure.problem(.undecodableAudio)
        }
    }
}
