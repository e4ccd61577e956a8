import HTTP
import Media
import Retrieval
import Tasks

extension VectorIntake {
    /// The vectors of length 1 of the candidates, in the order in which they were sent. They are computed together. What each
    /// picture among them is, the model tells for itself: the request's `view` is that of the query.
    func candidates(
        _ inputs: RequestInputs, _ request: Request, _ engine: any Engine, dimension: Int
    ) async throws -> [[Float]] {
        var vectors = [[Float]?](repeating: nil, count: inputs.candidates.count)
        var wanted: [(index: Int, input: HeadInput, part: String)] = []
        for (index, candidate) in inputs.candidates.enumerated() {
            if let value = inputs.value(candidate) {
                vectors[index] = try Item.unit(try Self.vector(value, of: candidate))
            } else {
                let part = inputs.text(candidate) == nil ? Self.kind(of: candidate, inputs) : "text"
                wanted.append((index, try Self.input(candidate, as: part, engine.card), part))
            }
        }
        if !wanted.isEmpty {
            let taken = try await media.take(wanted.map(\.input), of: inputs, for: request, engine, task: "retrieve")
            for (index, vector) in try await compute(wanted, taken, request, engine) { vectors[index] = vector }
        }
        return try vectors.enumerated().map { index, vector throws(Problem) in
            // Each was brought or computed.
            let vector = vector ?? []
            guard vector.count == dimension else {
                throw Problem(
                    .invalidFeatures,
                    "The candidate \(index) has \(vector.count) elements and the query \(dimension); they cannot be compared.",
                    members: ["part": .string("candidate")])
            }
            return vector
        }
    }

    private func compute(
        _ wanted: [(index: Int, input: HeadInput, part: String)], _ taken: TakenParts, _ request: Request,
        _ engine: any Engine
    ) async throws -> [(Int, [Float])] {
        try await withThrowingTaskGroup(of: (Int, [Float]).self) { group in
            for (index, input, part) in wanted {
                guard let prepared = taken.inputs[input.part] else { continue }
                let embedding = EngineJob.Embedding(parts: [part: prepared])
                group.addTask { (index, try await embed(embedding, request, engine).vector.vector) }
            }
            var vectors: [(Int, [Float])] = []
            for try await vector in group { vectors.append(vector) }
            return vectors
        }
    }

    /// Whether a file is a sound or an image, by what it says of itself. What is neither is refused as an image.
    private static func kind(of candidate: String, _ inputs: RequestInputs) -> String {
        do throws(MediaError) {
            _ = try AudioDecoder.header(of: inputs.peek(candidate) ?? [])
            return "audio"
        } catch {
            if case .unsupportedAudio = error { return "image" }
            // A sound that is too long or damaged: decoding says so.
            return "audio"
        }
    }

    /// How the model reads such a part.
    private static func input(_ candidate: String, as part: String, _ card: ModelCard) throws(Problem) -> HeadInput {
        guard let input = card.space?.inputs.first(where: { $0.part == part }) else {
            throw Problem(
                .taskNotAvailable,
                "The model \(card.name) has no space in which a candidate that is \(part) could be compared; send its "
                    + "embedding.", members: ["task": .string("retrieve"), "part": .string("candidate")])
        }
        return HeadInput(part: candidate, tower: input.tower, kind: input.kind)
    }
}
