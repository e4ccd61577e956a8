import Decoders
import Media
import Scheduler

/// Decodes uploaded images: header, limits, memory, pixels, orientation.
struct ImageIntake: Sendable {
    let decoder: any MediaDecoder
    let limits: ImageLimits
    let memory: MemoryBudget
    let metrics: Metrics

    /// An upright image, in the sizes that were asked for.
    struct Decoded {
        let images: [PixelImage]
        /// What the file says of itself.
        let header: ImageHeader
        /// The memory that decoding took, set aside until it is released.
        let memory: MemoryReservation
    }

    /// Decodes the bytes of a file.
    func decode(_ bytes: [UInt8], as sizes: [ImageRendition], for sender: Sender) throws -> Decoded {
        do {
            let header = try ImageDecoder.header(of: bytes, limits: limits)
            let decoding = ImageDecoder.memoryNeeded(for: header, as: sizes)
            guard decoding <= limits.maxMemory else {
                throw MediaError.tooLarge(
                    reason: "decoding it takes \(decoding >> 20) MiB, more than \(limits.maxMemory >> 20)")
            }
            guard let held = memory.reserve(decoding, for: ClientID(sender.name)) else {
                throw Problem.memoryIsFull(memory)
            }
            let images = try decoder.image(bytes, limits: limits, as: sizes, for: sender)
            metrics.pixels().add(Double(header.width * header.height))
            return Decoded(images: images, header: header, memory: held)
        } catch let error as MediaError {
            metrics.decodeFailures(error.formatLabel).add()
            throw error
        } catch let failure as DecoderFailure {
            metrics.decodeFailures(failure.label).add()
            throw failure.problem(.undecodableImage)
        }
    }
}

extension DecoderFailure {
    /// What became of the decoder, in a word or two.
    var label: String {
        switch self {
        case .tookTooLong: "too_slow"
        case .broke: "broke"
        case .unavailable(.keptWaiting): "kept_waiting"
        case .unavailable: "no_decoder"
        }
    }

    /// What the client is told: its file is at fault, other clients, or the server.
    func problem(_ code: ProblemCode) -> Problem {
        switch self {
        case .tookTooLong, .broke: Problem(code, description)
        case .unavailable(.keptWaiting): .retryLater(.overloaded, after: 10, description)
        case .unavailable:
            .retryLater(.decoderUnavailable, after: 2, "The server could not decode anything. \(description)")
        }
    }
}

extension MediaError {
    /// What the bytes claimed to be, one of a few words.
    var formatLabel: String {
        switch self {
        case .undecodable(let format, _): format?.rawValue ?? "unknown"
        case .undecodableAudio(let format, _): format?.rawValue ?? "unknown"
        case .unsupportedFormat, .unsupportedAudio: "unsupported"
        case .tooLarge, .audioTooLong: "too_large"
        case .audioTooShort: "too_short"
        }
    }
}
