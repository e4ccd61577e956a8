import Media
import Networks
import Tasks

extension SentenceModel: ServedModel {
    var card: ModelCard {
        ModelCard(
            name: name, architecture: "bert", digest: digest, parameters: parameters, precision: precision,
            tasks: ["embed"], textDimensions: dimensions, space: space)
    }

    func encode(_ inputs: [(tower: String, input: TowerInput)], pause: () -> Void) -> [TowerTokens] {
        encode(inputs.compactMap { if case .text(let text) = $0.input { text } else { nil } }, pause: pause)
    }

    func embed(_ queries: [SpaceQuery]) throws -> [SpaceVector] {
        queries.map { query in
            let keys = query.parts.mapValues { vector(of: $0) }
            return SpaceVector(vector: keys.values.first ?? [], keys: keys)
        }
    }
}

/// A model that neither sees nor hears, and writes nothing: what is asked of pictures and captions it has no answer to, and the
/// card says so before anybody asks.
extension ServedModel where Encoding == Never, Generation == Never {
    func faces(in image: PixelImage) -> [FaceBox]? { nil }
    func validate(_ options: CaptionOptions) throws { throw TaskError.taskNotAvailable("caption", model: card.name) }
    func encode(images: [[Float]]) -> [Never] { [] }
    func embedding(of encoding: Never) -> [Float] {}
    func embed(texts: [TokenizedText], pause: () -> Void) -> [[Float]] { [] }
    func start(_ items: [(Never, CaptionOptions)]) throws -> [Never] { [] }
    func step(_ generations: [Never]) {}
    func progress(of generation: Never) -> CaptionProgress {}
    func classify(head: String, _ items: [[String: TowerTokens]], explain: [Bool]) throws -> [Classification] {
        throw TaskError.taskNotAvailable("classify", model: card.name)
    }
    func parts(head: String, of picture: TowerTokens) -> [PartOpinion] { [] }
    func findLines(in image: PixelImage, pause: () -> Void) -> (boxes: [TextBox], left: Int) { ([], 0) }
    func read(_ boxes: [TextBox], of image: PixelImage, pause: () -> Void) -> [ReadText] { [] }
    func concepts(nearest vectors: [[Float]]) -> [Concept] { [] }
}
