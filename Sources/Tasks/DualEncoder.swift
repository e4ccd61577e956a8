import Tokenizer

/// A published model of two encoders whose vectors share a space: one of pictures or of sounds, and one of texts.
protocol DualEncoder: EmbeddingModel {
    /// What it is.
    var identity: ModelIdentity { get }
    /// The space of its vectors.
    var space: EmbeddingSpace { get }
    /// The part that is a picture or a sound.
    var media: PartSpec { get }
    /// The part that is a text.
    var text: PartSpec { get }

    /// The vectors of pictures or sounds, of any length.
    func encode(media: [[Float]], pause: () -> Void) -> [[Float]]
    /// The vectors of texts, of any length.
    func encode(texts: [Tokenizer.Encoding], pause: () -> Void) -> [[Float]]
}

extension DualEncoder {
    /// The vector of each query: one pass of each encoder over all of them.
    public func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>] {
        let parts = queries.map { (media: values($0.parts[media.part]), text: encoding($0.parts[text.part])) }
        var ofMedia = encode(media: parts.compactMap(\.media), pause: pause)[...]
        var ofTexts = encode(texts: parts.compactMap(\.text), pause: pause)[...]
        return zip(queries, parts).map { query, parts in
            var vectors: [String: [Float]] = [:]
            if parts.media != nil { vectors[media.part] = ofMedia.popFirst() }
            if parts.text != nil { vectors[text.part] = ofTexts.popFirst() }
            return Result {
                try space.check(parts: query.parts.keys, view: query.view, weight: query.weight)
                guard vectors.count == query.parts.count, !vectors.isEmpty else {
                    throw TaskError.missingParts([media.part, text.part], head: identity.name, all: false)
                }
                return SpaceVector(of: vectors, weight: query.weight)
            }
        }
    }

    /// The numbers of a picture or of a clip's crops; nil for any other input.
    func values(_ input: ModelInput?) -> [Float]? {
        switch input {
        case .pixels(let pixels)?: pixels
        case .mel(let spectrograms)?: spectrograms.first
        default: nil
        }
    }

    private func encoding(_ input: ModelInput?) -> Tokenizer.Encoding? {
        if case .text(let encoding)? = input { encoding } else { nil }
    }
}
