import Media

/// An upload that became the model's input.
struct DecodedImage: Sendable {
    /// The tower's input.
    let pixels: [Float]
    /// What was understood, for the answer.
    let understood: UnderstoodInput
    /// How long it waited for a decoder, and how long decoding took.
    let waited: Duration
    let took: Duration
    /// The memory of the pixels, set aside until they are computed with.
    let memory: MemoryReservation
}

/// Decodes uploads on the decoder threads: header, limits, pixels, orientation, resize, normalisation.
struct ImageIntake: Sendable {
    let decoders: DecoderPool
    let limits: ImageLimits
    let memory: MemoryBudget
    let metrics: Metrics

    /// Takes the part `name` out of the inputs and decodes it for the engine's image tower.
    func take(_ name: String, of inputs: RequestInputs, for request: Request, _ engine: any Engine) async throws
        -> DecodedImage
    {
        guard inputs.hasFile(name) else { throw Problem.missing(name, "send the bytes of a JPEG or PNG file in it") }
        let (image, waited) = try await decoders.run(before: request.deadline) {
            defer { inputs.releaseFiles() }
            let start = ContinuousClock.now
            let (pixels, header, memory) = try decode(inputs.takeFile(name) ?? [], engine)
            let understood = UnderstoodInput.image(
                name: name, width: header.orientedWidth, height: header.orientedHeight, format: header.format.rawValue)
            return (pixels: pixels, understood: understood, memory: memory, took: ContinuousClock.now - start)
        }
        return DecodedImage(
            pixels: image.pixels, understood: image.understood, waited: waited, took: image.took, memory: image.memory)
    }

    private func decode(
        _ bytes: [UInt8], _ engine: any Engine
    ) throws -> ([Float], ImageHeader, MemoryReservation) {
        do {
            let header = try ImageDecoder.header(of: bytes, limits: limits)
            let side = engine.card.imageSize ?? 1
            let size = (width: side, height: side)
            guard let held = memory.reserve(ImageDecoder.memoryNeeded(for: header, atLeast: size)) else {
                throw Problem.memoryIsFull(memory)
            }
            let pixels = engine.pixels(of: try ImageDecoder.decode(bytes, limits: limits, atLeast: size))
            held.shrink(to: pixels.count * 4)
            metrics.pixels().add(Double(header.width * header.height))
            return (pixels, header, held)
        } catch let error as MediaError {
            metrics.decodeFailures(error.formatLabel).add()
            throw error
        }
    }
}

extension MediaError {
    /// What the bytes claimed to be, one of a few words.
    fileprivate var formatLabel: String {
        switch self {
        case .undecodable(let format, _): format?.rawValue ?? "unknown"
        case .undecodableAudio(let format, _): format?.rawValue ?? "unknown"
        case .unsupportedFormat, .unsupportedAudio: "unsupported"
        case .tooLarge, .audioTooLong: "too_large"
        case .audioTooShort: "too_short"
        }
    }
}
