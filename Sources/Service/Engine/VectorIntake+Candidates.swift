import HTTP
import Media
import Retrieval
import Tasks

extension VectorIntake {
    /// A candidate: its vector of length 1, and what was understood of it; nil where the vector was brought.
    struct Candidate: Sendable {
        let vector: [Float]
        var understood: UnderstoodInput?
    }

    /// The candidates, in the order in which they were sent. They are computed together. What each picture among them is, the
    /// model tells for itself: the request's `view` is that of the query.
    func candidates(
        _ inputs: RequestInputs, _ request: Request, _ engine: any Engine, dimension: Int
    ) async throws -> [Candidate] {
        var candidates = [Candidate?](repeating: nil, count: inputs.candidates.count)
        var wanted: [(index: Int, input: PartSpec, part: String)] = []
        for (index, candidate) in inputs.candidates.enumerated() {
            if let value = inputs.value(candidate) {
                candidates[index] = Candidate(vector: try Item.unit(try Self.vector(value, of: candidate)))
            } else {
                let part = inputs.text(candidate) == nil ? Self.kind(of: candidate, inputs) : "text"
                wanted.append((index, try Self.input(candidate, as: part, engine.card), part))
            }
        }
        if !wanted.isEmpty {
            let taken = try await media.take(wanted.map(\.input), of: inputs, for: request, engine, task: "retrieve")
            for (index, computed) in try await compute(wanted, taken, request, engine) { candidates[index] = computed }
        }
        return try candidates.enumerated().map { index, candidate throws(Problem) in
            // Each was brought or computed.
            let candidate = candidate ?? Candidate(vector: [])
            guard candidate.vector.count == dimension else {
                throw Problem(
                    .invalidFeatures,
                    "The candidate \(index) has \(candidate.vector.count) elements and the query \(dimension); they cannot be "
                        + "compared.", members: ["part": .string("candidate")])
            }
            return candidate
        }
    }

    private func compute(
        _ wanted: [(index: Int, input: PartSpec, part: String)], _ taken: TakenParts, _ request: Request,
        _ engine: any Engine
    ) async throws -> [(Int, Candidate)] {
        let understood = Dictionary(taken.understood.map { ($0.name, $0) }) { first, _ in first }
        return try await withThrowingTaskGroup(of: (Int, Candidate).self) { group in
            for (index, input, part) in wanted {
                guard let prepared = taken.inputs[input.part] else { continue }
                let embedding = EmbeddingQuery(parts: [part: prepared])
                let understood = understood[input.part]?.named(part)
                group.addTask {
                    let made = try await embed(embedding, request, engine).vector
                    return (index, Candidate(vector: made.vector, understood: understood?.seen(as: made.view)))
                }
            }
            var candidates: [(Int, Candidate)] = []
            for try await candidate in group { candidates.append(candidate) }
            return candidates
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
    private static func input(_ candidate: String, as part: String, _ card: ModelCard) throws(Problem) -> PartSpec {
        guard let input = card.space?.inputs.first(where: { $0.part == part }) else {
            throw Problem(
                .taskNotAvailable,
                "The model \(card.name) has no space in which a candidate that is \(part) could be compared; send its "
                    + "embedding.", members: ["task": .string("retrieve"), "part": .string("candidate")])
        }
        return input.named(candidate)
    }
}
