import Media
import Tasks

/// The one place where the parts of a request become inputs of towers.
///
///     let parts = try await media.take(head.inputs, of: inputs, for: request, engine, task: "emotion")
///     … .classify(… parts: parts.inputs …)
///
/// Files are decoded on the decoder threads, all of one request on the same; texts alone are taken apart at once.
struct MediaIntake: Sendable {
    let decoders: DecoderPool
    let images: ImageIntake
    let metrics: Metrics

    /// Takes those of the wanted parts that the request has.
    ///
    /// - Parameters:
    ///   - wanted: how each part is read; `part` is its name in the request, and in the result.
    ///   - task: the label of its time in `stage_seconds`.
    func take(
        _ wanted: [HeadInput], of inputs: RequestInputs, for request: Request, _ engine: any Engine, task: String
    ) async throws -> TakenParts {
        let present = wanted.filter { inputs.has(part: $0.part) }
        var taken: TakenParts
        if present.contains(where: { inputs.hasFile($0.part) }) {
            let (value, waited) = try await decoders.run(before: request.deadline) {
                defer { inputs.releaseFiles() }
                return try prepare(present, inputs, engine)
            }
            taken = value
            taken.waited = waited
        } else {
            taken = try prepare(present, inputs, engine)
        }
        metrics.stages(task, "decode").observe(taken.took.inSeconds)
        return taken
    }

    private func prepare(_ wanted: [HeadInput], _ inputs: RequestInputs, _ engine: any Engine) throws -> TakenParts {
        let start = ContinuousClock.now
        var taken = TakenParts()
        for input in wanted {
            switch input.kind {
            case .image, .face: try takeImage(input, inputs, engine, &taken)
            case .audio: throw Problem.taskNotAvailable("audio", engine.card)
            case .text: takeText(input, inputs, engine, &taken)
            case .features(let width, let maxTokens):
                let bytes = inputs.takeFile(input.part) ?? []
                let array = try features(input.part, bytes, width: width, maxTokens: maxTokens)
                taken.inputs[input.part] = .features(tokens: array.rows, values: array.values)
                taken.understood.append(.features(name: input.part, tokens: array.rows, width: array.columns))
            }
        }
        taken.took = start.duration(to: .now)
        return taken
    }

    private func takeImage(
        _ input: HeadInput, _ inputs: RequestInputs, _ engine: any Engine, _ taken: inout TakenParts
    ) throws {
        let decoded = try images.decode(inputs.takeFile(input.part) ?? [], side: engine.card.imageSize ?? 1)
        let pixels = engine.pixels(of: decoded.image, for: input)
        decoded.memory.shrink(to: pixels.count * MemoryLayout<Float>.stride)
        taken.memory.append(decoded.memory)
        taken.inputs[input.part] = .pixels(pixels)
        let header = decoded.header
        taken.understood.append(
            .image(
                name: input.part, width: header.orientedWidth, height: header.orientedHeight,
                format: header.format.rawValue))
    }

    private func takeText(
        _ input: HeadInput, _ inputs: RequestInputs, _ engine: any Engine, _ taken: inout TakenParts
    ) {
        let tokens = engine.tokens(of: inputs.text(input.part) ?? "")
        taken.inputs[input.part] = .text(tokens)
        taken.understood.append(
            .text(name: input.part, tokens: tokens.totalTokens, isTruncated: tokens.truncated))
    }

    private func features(_ part: String, _ bytes: [UInt8], width: Int, maxTokens: Int) throws(Problem) -> NumPyArray {
        do throws(NumPyError) {
            return try NumPyArray(bytes, columns: width, maxRows: maxTokens)
        } catch {
            metrics.decodeFailures("npy").add()
            throw Problem(
                .invalidFeatures, "The part \"\(part)\" is not taken. \(error.description)",
                members: ["part": .string(part)])
        }
    }
}
