import HTTP
import JSON
import Retrieval
import Scheduler
import Tasks

/// The vector that a request is about: the one it brings, or the one the model makes of its parts.
struct VectorIntake: Sendable {
    /// The parts that a vector can come from.
    static let parts: [InputRules.Part] = [
        .init(name: "image", kind: .image), .init(name: "audio", kind: .audio), .init(name: "text", kind: .text),
        .init(name: "embedding", kind: .vector),
    ]

    let media: MediaIntake

    /// A vector and where it comes from.
    struct Taken: Sendable {
        let vector: [Float]
        let source: VectorSource
        let kind: ItemKind
        /// The vectors that the model made of each part alone, of length 1, in the order of `VectorIntake.parts`.
        var keys: [(part: String, vector: [Float])] = []
        var understood: [UnderstoodInput] = []
        /// What was understood of each candidate that it is compared with, in their order; nil of one whose vector was brought.
        var candidates: [UnderstoodInput?] = []
        var queue = Duration.zero
        var decode = Duration.zero
        var encode = Duration.zero

        /// The time that taking it took.
        var timing: AnswerTiming { AnswerTiming(queue: queue, decode: decode, encode: encode) }
    }

    /// Whether a model is one to make the vectors of a request: the maker of the collection's own, and where that has none, or there
    /// is no collection, one in whose space the parts are.
    static func suits(
        _ card: ModelCard, _ inputs: RequestInputs?, for collection: String?, of store: CollectionStore?
    ) -> Bool {
        if let collection, let maker = try? store?.collection(collection).model { return card.origin.isSame(as: maker) }
        let parts = card.space?.inputs.map(\.part) ?? []
        let given = inputs.map { inputs in ["image", "audio", "text"].filter { inputs.has(part: $0) } }
        return !parts.isEmpty && given?.allSatisfy(parts.contains) ?? true
    }

    /// Takes the vector, which is to be compared with those of a collection: where that cannot be, nothing is computed.
    func take(
        _ inputs: RequestInputs, _ request: Request, _ engine: any Engine,
        into collection: (store: CollectionStore, name: String)? = nil
    ) async throws -> Taken {
        let options = EmbeddingOptions(inputs)
        let given = ["image", "audio", "text"].filter { inputs.has(part: $0) }
        if let value = inputs.value("embedding") {
            guard given.isEmpty else {
                throw Problem(
                    .unexpectedPart,
                    "With an \"embedding\", there is nothing to compute from \(given.quoted("and")); "
                        + "send one or the other.", members: ["part": .string(given[0])])
            }
            // Who names the model says that its vector is one of that model's.
            let isModels = inputs.has(ModelChoice.option)
            try options.check(parts: given, engine.card)
            return Taken(
                vector: try Self.vector(value),
                source: isModels ? .model(engine.card.origin) : .client(serving: engine.card.origin), kind: .embedding)
        }
        return try await compute(given, options, inputs, request, engine, collection)
    }

    private func compute(
        _ given: [String], _ options: EmbeddingOptions, _ inputs: RequestInputs, _ request: Request,
        _ engine: any Engine,
        _ collection: (store: CollectionStore, name: String)?
    ) async throws -> Taken {
        guard let only = given.first else {
            throw Problem(
                .missingPart,
                "There is nothing to compare; send a part "
                    + (engine.card.space == nil
                        ? "\"embedding\"." : "\((["image", "audio", "text", "embedding"]).quoted("or"))."))
        }
        let source = VectorSource.model(engine.card.origin)
        guard let space = engine.card.space else {
            throw Problem(
                .taskNotAvailable,
                "The model \(engine.card.name) has no space in which images, sounds and texts can be compared; send an "
                    + "\"embedding\" of your own.", members: ["task": .string("retrieve"), "part": .string(only)])
        }
        do throws(RetrievalError) {
            try collection?.store.check(collection?.name ?? "", dimension: space.dimensions, from: source)
        } catch {
            // An item that is put makes the collection.
            guard case .unknownCollection = error else { throw error }
        }
        let parts = try await media.takeEmbeddable(of: inputs, options, for: request, engine, task: "retrieve")
        let (made, job) = try await embed(options.embedding(of: parts), request, engine)
        return Taken(
            vector: made.vector, source: source,
            kind: given.count > 1 ? .composed : ItemKind(rawValue: only) ?? .composed,
            keys: given.compactMap { part in made.keys[part].map { (part, $0) } },
            understood: parts.understood.map { $0.seen(as: made.view) }, queue: parts.waited + job.queue,
            decode: parts.took, encode: job.begin)
    }

    /// The model's vector of parts.
    func embed(
        _ embedding: EmbeddingQuery, _ request: Request, _ engine: any Engine
    ) async throws -> (vector: SpaceVector, timing: JobTiming) {
        let (output, timing) = try await engine.compute(.embed(embedding), for: request.work, onText: nil)
        guard case .embedding(let vector) = output else { throw NoVector() }
        return (vector, timing)
    }

    /// The engine was asked for a vector and gave something else.
    private struct NoVector: Error {}

    /// A vector as clients write it: an array of numbers, or the base64 of floats of four bytes, least significant first.
    static func vector(_ value: JSONValue, of part: String = "embedding") throws(Problem) -> [Float] {
        switch value {
        case .array(let values):
            var vector: [Double] = []
            vector.reserveCapacity(values.count)
            for (position, value) in values.enumerated() {
                switch value {
                case .integer(let number): vector.append(Double(number))
                case .number(let number): vector.append(number)
                case .decimal(let number): vector.append(number.nearest)
                default: throw refusal(part, "Element \(position) of \"\(part)\" is \(value.summary) and no number")
                }
            }
            // The direction alone counts: numbers too small for four bytes are made larger, and not zero.
            let largest = vector.reduce(0) { max($0, $1.magnitude) }
            let scale = largest < Double(Float.leastNormalMagnitude) && largest > 0 ? largest : 1
            return vector.map {
                $0.magnitude > Double(Float.greatestFiniteMagnitude) ? .infinity : Float($0 / scale)
            }
        case .string(let text):
            guard let bytes = Base64.decode(text.utf8), bytes.count % 4 == 0 else {
                throw refusal(part, "\"\(part)\" is not the base64 of floats of four bytes each")
            }
            return stride(from: 0, to: bytes.count, by: 4).map { start in
                Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
            }
        default: throw refusal(part, "\"\(part)\" is \(value.summary)")
        }
    }

    private static func refusal(_ part: String, _ what: String) -> Problem {
        Problem(
            .invalidFeatures,
            "\(what); it takes an array of 1 to \(Item.maxDimension) numbers, or the base64 of "
                + "little-endian floats of four bytes.", members: ["part": .string(part)])
    }
}
