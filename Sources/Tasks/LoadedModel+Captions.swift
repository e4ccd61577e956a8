import Networks

/// The tokens of an image, computed once and used by every task that is asked about it.
public struct ImageEncoding: Sendable {
    /// [tokens, channels] in row-major order, the grid of the image tower row by row.
    var tokens: [Float] { grid.values }
    /// What is seen in it, the likeliest first; empty where nothing tells.
    var things: [SeenThing] { grid.things }
    /// What the image tower says of it.
    let grid: TowerTokens
}

/// Captions: what is asked of a picture step by step.
extension LoadedModel {
    /// Images as `preprocessor` makes them, [height, width, 3] each → their tokens by the first image tower. Empty without
    /// one.
    public func encodeImages(_ pixels: [[Float]]) -> [ImageEncoding] {
        guard let name = configuration.towers.firstImage?.name, let tower = towers.image(name) else { return [] }
        return compute.take { _ in
            towers.encodeImages(pixels, tower, name, pool).map { ImageEncoding(grid: $0) }
        }
    }

    /// What is wrong with `options` for this model; cheap, and may be called before an image is decoded.
    public func validate(_ options: GenerationOptions) throws(TaskError) {
        try captionTask().validate(options)
    }

    /// Begins the captions of several requests: one pass of the caption encoder over all their images.
    public func startCaptions(_ items: [(ImageEncoding, GenerationOptions)]) throws(TaskError) -> [CaptionGeneration] {
        let captioner = try captionTask()
        let inputs = items.map { (image: $0.0, options: $0.1) }
        return try compute.take { memory throws(TaskError) in
            try captioner.start(
                inputs, vectors: judge?.vectors(of: items.map(\.0), memory.workspace, pool) ?? [],
                workspace: memory.captions, pool: pool)
        }
    }

    /// One step of all generations together: the next token of each of their sequences. They may differ in length, beams
    /// and sampling; finished ones are left alone.
    public func step(_ generations: [CaptionGeneration]) {
        guard let captioner else { return }
        compute.take { memory in
            captioner.step(generations, workspace: memory.captions, pool: pool)
            judge?.judge(generations, memory.workspace, pool)
            captioner.explain(generations, workspace: memory.captions, pool: pool)
        }
    }

    /// What is seen in the picture that is described, the likeliest first; empty for a model that tells nothing of it.
    public func thingsSeen(by generation: CaptionGeneration) -> [NamedThing] {
        let names = towers.sight?.names.all ?? []
        return generation.picture.things.map { NamedThing(name: names[$0.name], likelihood: $0.likeliest) }
    }

    /// The logits of a caption's first token, for comparison with another implementation.
    public func firstStepLogits(_ encoding: ImageEncoding) throws(TaskError) -> [Float] {
        let captioner = try captionTask()
        return compute.take { captioner.firstStepLogits(encoding, workspace: $0.captions, pool: pool) }
    }

    private func captionTask() throws(TaskError) -> Captioner {
        guard let captioner else { throw .taskNotAvailable("caption", model: name) }
        return captioner
    }
}
