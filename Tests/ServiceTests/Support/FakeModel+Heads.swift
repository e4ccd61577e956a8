import Networks
import Tokenizer

@testable import Service
@testable import Tasks

extension FakeModel: ClassifyingModel, EmbeddingModel, HearingModel {
    static func card(hasHeads: Bool, hasSpace: Bool, hears: Bool, reads: Bool = true) -> ModelCard {
        var card = ModelCard(
            name: "fake", architecture: "fake", digest: "sha256:0", parameters: 7, tasks: ["caption", "embed"],
            imageDimensions: 2, textDimensions: 3, maxCaptionTokens: 64, captionInput: image,
            towerInputs: [image, text])
        card.formerDigest = "sha256:former"
        if hasHeads {
            card.heads = [emotion, vqa, mood, tone, things]
            card.tasks += ["emotion", "vqa", "classify"]
        }
        if reads { card.tasks.append("read") }
        if hasSpace {
            card.space = EmbeddingSpace(dimensions: 3, inputs: hears ? [image, audio, text] : [image, text])
        }
        return card
    }

    private static let image = PartSpec(part: "image", tower: "image", .image(brightness))
    private static let audio = PartSpec(
        part: "audio", tower: "audio",
        .sound(SoundPreparation(sampleRate: 16_000, melBins: 80, windowSeconds: 30, tokenNumbers: 1)))
    static let text = PartSpec(part: "text", tower: "text", .text(words))

    /// The mean brightness of a picture of any size, on each pixel of a 4 × 4 image.
    private static let brightness = PicturePreparation(rendition: nil, leastSide: 4) { image, part in
        let image = part.map(image.cropped(to:)) ?? image
        let mean = image.pixels.reduce(0) { $0 + Float($1) } / Float(image.pixels.count)
        return [Float](repeating: mean.rounded(), count: 48)
    }

    /// A piece for each word, between two special tokens; four at most.
    static let words = TextPreparation(maxTokens: 4) { text in
        let count = text.split(separator: " ").count + 2
        return TokenizedText(
            ids: (0..<Int32(min(count, 4))).map { $0 }, truncated: count > 4, totalTokens: count)
    }

    /// Takes everything.
    static let emotion = HeadDescription(
        name: "feelings", task: "emotion", labels: ["calm", "angry", "happy"],
        inputs: [
            PartSpec(part: "image", tower: "face", .face(brightness)), audio, text,
            PartSpec(part: "features", tower: "sensor", .features(width: 3, maxTokens: 4)),
        ], required: [])
    static let vqa = HeadDescription(
        name: "answers", task: "vqa", labels: ["yes", "no", "red", "two"],
        inputs: [image, text.named("question")], required: ["image", "question"])
    static let mood = HeadDescription(
        name: "mood", task: nil, labels: ["good", "bad"], inputs: [text, image], required: ["text"])

    /// Takes words alone.
    static let tone = HeadDescription(
        name: "tone", task: nil, labels: ["polite", "rude"], inputs: [text], required: ["text"])
    /// Sees a cup everywhere and a dog in the second of two parts.
    static let things = HeadDescription(
        name: "things", task: nil, labels: ["cup", "beagle", "poodle"], inputs: [image], required: ["image"],
        names: ["cup", "dog", "dog"].map { LabelName(name: $0, above: []) }, floorOfParts: 0.25)

    private func parts(head: String) -> [PartOpinion] {
        guard head == Self.things.name else { return [] }
        return [
            PartOpinion(place: PartPlace(x: 0, y: 0, side: 0.5), probabilities: [0.875, 0.0625, 0.0625]),
            PartOpinion(place: PartPlace(x: 0.5, y: 0.5, side: 0.5), probabilities: [0.25, 0.25, 0.5]),
        ]
    }

    /// One number for each token: brightness of a quarter, number of a word, loudness of a frame, mean of a row.
    private func encode(_ inputs: [ModelInput]) -> [TowerTokens] {
        inputs.map { input in
            let values: [Float]
            switch input {
            case .pixels(let pixels): values = Array(repeating: (pixels.first ?? 0) / 255, count: 4)
            case .tiles(let picture): values = picture.tiles.map { $0.reduce(0, +) / Float(max(1, $0.count)) }
            case .text(let text): values = text.ids.map { Float($0) }
            case .mel(let windows):
                listenGate?.pass()
                counts.withLock { $0.heardWindows.append(windows.count) }
                values = windows.map { $0.reduce(0, +) / Float(max(1, $0.count)) }
            case .sound(let sound): values = [sound.mel.reduce(0, +) / Float(max(1, sound.mel.count))]
            case .samples(let samples): values = [samples.reduce(0, +) / Float(max(1, samples.count))]
            case .tokens(let tokens): return tokens
            case .features(let tokens, let numbers):
                let width = numbers.count / tokens
                values = (0..<tokens).map { numbers[$0 * width..<($0 + 1) * width].reduce(0, +) / Float(width) }
            }
            return TowerTokens(tokens: values.count, width: 1, values: values)
        }
    }

    func listen(_ windows: [(tower: String, window: [Float])], pause: () -> Void) -> [TowerTokens] {
        encode(windows.map { .mel([$0.window]) })
    }

    func classify(_ questions: [HeadQuestion], pause: () -> Void) -> [Result<HeadAnswer, any Error>] {
        questions.map { question in
            Result {
                let tokens = question.parts.mapValues { encode([$0])[0] }
                var answers = try classify(head: question.head, [tokens], explain: [question.explains])
                if question.seesParts { answers[0].parts = parts(head: question.head) }
                return HeadAnswer(answers[0])
            }
        }
    }

    /// What a head says of a part depends on the mean of its tokens; together, the mean of what they say alone.
    func classify(
        head: String, _ items: [[String: TowerTokens]], explain: [Bool]
    ) throws -> [Classification] {
        guard let head = card.heads.first(where: { $0.name == head }) else {
            throw TaskError.taskNotAvailable(head, model: "fake")
        }
        return zip(items, explain).map { parts, explains in
            let alone = parts.mapValues { tokens in
                let mean = tokens.values.reduce(0, +) / Float(tokens.tokens)
                let shares = head.labels.indices.map { 1 + Float((Int(mean * 10) + $0) % head.labels.count) }
                let sum = shares.reduce(0, +)
                return shares.map { $0 / sum }
            }
            // In the head's order, so that the sums are always the same.
            let opinions = head.inputs.compactMap { alone[$0.part] }
            let together = head.labels.indices.map { label in
                opinions.map { $0[label] }.reduce(0, +) / Float(opinions.count)
            }
            return Classification(
                probabilities: together, alone: alone, weights: alone.mapValues { _ in 1 / Float(alone.count) },
                attention: explains ? parts.mapValues { Self.rising($0.tokens) } : nil, confidence: confidence)
        }
    }

    /// Each token weighs more than the one before it.
    private static func rising(_ tokens: Int) -> [Float] {
        let sum = Float(tokens * (tokens + 1) / 2)
        return (1...tokens).map { Float($0) / sum }
    }

    /// A space has an axis for each kind; without one a picture's vector is its brightness, a text's the number of its words.
    func embed(_ queries: [EmbeddingQuery], pause: () -> Void) -> [Result<SpaceVector, any Error>] {
        queries.map { query in
            guard card.space != nil else { return .success(SpaceVector(vector: vector(of: query.parts), keys: [:])) }
            let keys = Dictionary(
                uniqueKeysWithValues: query.parts.keys.map { part in
                    (part, ["image", "audio", "text"].map { $0 == part ? Float(1) : 0 })
                })
            return .success(SpaceVector(keys: keys, weight: query.weight, composed: nil, view: nil))
        }
    }

    private func vector(of parts: [String: ModelInput]) -> [Float] {
        switch parts.values.first {
        case .pixels(let pixels)?: encode(images: [pixels]) + [4]
        case .text(let text)?: [Float(text.totalTokens), 0, 4]
        case .tiles, .mel, .sound, .samples, .features, .tokens, nil: []
        }
    }
}
