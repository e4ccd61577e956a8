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
}

/// Decodes uploads on the decoder threads: header, limits, pixels, orientation, resize, normalisation.
struct ImageIntake: Sendable {
    let decoders: DecoderPool
    let limits: ImageLimits

    /// Takes the part `name` out of the inputs and decodes it for the engine's image tower.
    func take(_ name: String, of inputs: RequestInputs, for request: Request, _ engine: any Engine) async throws
        -> DecodedImage
    {
        guard inputs.hasFile(name) else { throw Problem.missing(name, "send the bytes of a JPEG or PNG file in it") }
        let limits = limits
        let (image, waited) = try await decoders.run(before: request.deadline) {
            let clock = ContinuousClock()
            let start = clock.now
            let (pixels, header) = try Self.decode(inputs.takeFile(name) ?? [], limits, engine)
            let understood = UnderstoodInput.image(
                name: name, width: header.orientedWidth, height: header.orientedHeight, format: header.format.rawValue)
            return (pixels: pixels, understood: understood, took: clock.now - start)
        }
        return DecodedImage(pixels: image.pixels, understood: image.understood, waited: waited, took: image.took)
    }

    private static func decode(
        _ bytes: [UInt8], _ limits: ImageLimits, _ engine: any Engine
    ) throws -> ([Float], ImageHeader) {
        let header = try ImageDecoder.header(of: bytes, limits: limits)
        let side = engine.card.imageSize ?? 1
        let image = try ImageDecoder.decode(bytes, limits: limits, atLeast: (width: side, height: side))
        return (engine.pixels(of: image), header)
    }
}
