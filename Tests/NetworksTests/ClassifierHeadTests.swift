import Checkpoint
import Tensor
import Testing

@testable import Networks

/// Every type of fusion against PyTorch, for every subset of parts.
@Suite struct ClassifierHeadTests {
    private static let names = [
        "cross_concat", "cross_sum", "cross_max", "concat", "weighted_sum", "late_mean", "late_weighted", "late_vote",
        "hybrid", "cross_match",
    ]
    private let checkpoint: SensoriumCheckpoint
    private let golden: FusionCheckpoint.Golden
    private let space: ProjectionHead

    init() throws {
        checkpoint = try FusionCheckpoint.open()
        let (name, head) = try #require(checkpoint.configuration.heads.space)
        let towers = checkpoint.configuration.towers
        space = try checkpoint.folder.read { ProjectionHead($0[name], head, towers: towers, names: 0) }
        golden = try FusionCheckpoint.golden()
    }

    private func head(_ name: String) throws -> ClassifierHead {
        guard case .classifier(let head)? = checkpoint.configuration.heads[name] else { throw Missing() }
        return try checkpoint.folder.read { ClassifierHead($0[name], head, towers: checkpoint.configuration.towers) }
    }

    private struct Missing: Error {}

    private func classify(
        _ head: ClassifierHead, _ items: [[String: TowerTokens]], explains: [Bool]? = nil, threads: Int = 1
    ) -> [ClassifierHead.Output] {
        head.classify(
            items, vectors: items.map(vectors), explains: explains ?? items.map { _ in false }, workspace: Workspace(),
            pool: ComputePool(threads: threads))
    }

    /// The vectors of an item's parts in the space of the checkpoint.
    private func vectors(of item: [String: TowerTokens]) -> [String: [Float]] {
        let pool = ComputePool(threads: 1)
        return item.reduce(into: [:]) { vectors, part in
            vectors[part.key] =
                space.project(part: part.key, [part.value], workspace: Workspace(), pool: pool).first
        }
    }

    @Test(arguments: names) func `every subset of parts says what it says in PyTorch`(name: String) throws {
        let answers = try #require(golden.heads[name])
        #expect(answers.count == 14)
        let outputs = classify(try head(name), answers.map { FusionCheckpoint.item($0.item, $0.parts) })
        for (answer, output) in zip(answers, outputs) {
            #expect(largestDifference(output.logits, answer.logits) < 1e-4, "\(answer.item) \(answer.parts)")
            #expect(Set(output.alone.keys) == Set(answer.parts))
            for (part, logits) in answer.alone {
                #expect(largestDifference(output.alone[part] ?? [], logits) < 1e-4, "\(part)")
            }
        }
    }

    @Test(arguments: ["cross_concat", "concat", "weighted_sum"])
    func `a head that needs all its parts says the same without classifiers of each alone`(name: String) throws {
        let keys = "\"required\": [\"image\", \"audio\", \"text\"], \"alone\": false"
        try FusionCheckpoint.with(keys, of: name) { checkpoint in
            guard case .classifier(let configuration)? = checkpoint.configuration.heads[name] else { throw Missing() }
            let towers = checkpoint.configuration.towers
            let asked = Weights.asked { _ = ClassifierHead($0[name], configuration, towers: towers) }
            #expect(!asked.isEmpty && !asked.contains { $0.name.hasPrefix("\(name).alone.") })
            let item = FusionCheckpoint.item(0, FusionCheckpoint.parts)
            let alone = try checkpoint.folder.read { ClassifierHead($0[name], configuration, towers: towers) }
            let output = classify(alone, [item])[0]
            let whole = classify(try head(name), [item])[0]
            #expect(output.logits == whole.logits && output.without == whole.without)
            #expect(output.alone.isEmpty && whole.alone.count == 3)
        }
    }

    @Test(arguments: names) func `what an item says without a part is what the rest says`(name: String) throws {
        let head = try head(name)
        for parts in [FusionCheckpoint.parts, ["image", "text"]] {
            let output = classify(head, [FusionCheckpoint.item(1, parts)])[0]
            #expect(Set(output.without.keys) == Set(parts))
            for part in parts {
                let rest = classify(head, [FusionCheckpoint.item(1, parts.filter { $0 != part })])[0]
                #expect(output.without[part] == rest.logits, "without \(part)")
            }
        }
        #expect(classify(head, [FusionCheckpoint.item(0, ["audio"])])[0].without.isEmpty)
    }

    @Test(arguments: names)
    func `an answer does not depend on the batch, the threads or the explanation`(name: String) throws {
        let head = try head(name)
        let answers = try #require(golden.heads[name])
        let items = answers.map { FusionCheckpoint.item($0.item, $0.parts) }
        let alone = items.map { classify(head, [$0])[0] }
        #expect(classify(head, items) == alone)
        #expect(classify(head, items.reversed(), threads: 2) == alone.reversed())
        #expect(classify(head, items + items, threads: 3) == alone + alone)
        let explained = classify(head, items, explains: items.indices.map { $0 % 2 == 0 }, threads: 2)
        #expect(explained.map(\.logits) == alone.map(\.logits))
        #expect(explained.map(\.without) == alone.map(\.without))
        #expect(explained.map { $0.attention != nil } == items.indices.map { $0 % 2 == 0 })
        let first = classify(head, [items[0]], explains: [true])[0]
        #expect(explained[0].attention == first.attention)
    }

    @Test func `attention is that of PyTorch`() throws {
        let head = try head("cross_max")
        for (item, attention) in golden.attention.enumerated() {
            let output = classify(head, [FusionCheckpoint.item(item, FusionCheckpoint.parts)], explains: [true])[0]
            let found = try #require(output.attention)
            // Nobody attends to the audio of this head.
            #expect(Set(found.keys) == ["image", "text"])
            for (part, weights) in attention {
                #expect(largestDifference(found[part] ?? [], weights) < 1e-5, "\(part)")
            }
        }
    }

    @Test func `attention of a triple is shared out among its parts`() throws {
        let head = try head("cross_sum")
        let output = classify(head, [FusionCheckpoint.item(1, FusionCheckpoint.parts)], explains: [true])[0]
        let attention = try #require(output.attention)
        #expect(attention.mapValues(\.count) == ["image": 9, "audio": 150, "text": 12])
        for weights in attention.values {
            #expect(abs(weights.reduce(0, +) - 1) < 1e-5 && !weights.contains { $0 < 0 })
        }
    }

    @Test(arguments: names) func `of a part that comes alone those tokens count without which the answer differs`(
        name: String
    ) throws {
        let head = try head(name)
        let text = FusionCheckpoint.tokens("text", item: 1)
        let output = classify(head, [["text": text]], explains: [true])[0]
        let found = try #require(output.attention)
        #expect(Array(found.keys) == ["text"])
        // The text has no layers in these heads: its other tokens are the same where one is left out.
        let distances = (0..<text.tokens).map { left in
            let kept = (0..<text.tokens).filter { $0 != left }
            let values = kept.flatMap { text.values[$0 * text.width..<($0 + 1) * text.width] }
            let rest = TowerTokens(states: 1, tokens: kept.count, width: text.width, values: values)
            let logits = classify(head, [["text": rest]])[0].logits
            return zip(softmax(output.logits), softmax(logits)).reduce(Float(0)) { $0 + abs($1.0 - $1.1) }
        }
        let sum = distances.reduce(0, +)
        let expected = distances.map { sum > 0 ? $0 / sum : 1 / Float(distances.count) }
        #expect(largestDifference(found["text"] ?? [], expected) < 1e-3)
        for part in ["image", "audio"] {
            let alone = classify(head, [FusionCheckpoint.item(1, [part])], explains: [true])[0].attention
            let weights = try #require(alone?[part])
            #expect(weights.count == FusionCheckpoint.tokens(part, item: 1).tokens)
            #expect(abs(weights.reduce(0, +) - 1) < 1e-5 && !weights.contains { $0 < 0 })
        }
    }

    @Test func `no more than some tokens are left out at once, however many there are`() throws {
        guard case .classifier(let head)? = checkpoint.configuration.heads["hybrid"] else { throw Missing() }
        let configuration = try #require(head.inputs["audio"])
        let input = try checkpoint.folder.read {
            HeadInput($0["hybrid.inputs.audio"], configuration, head.shape, towerWidth: 32)
        }
        let tokens = PartTokens(
            [FusionCheckpoint.tokens("audio", item: 1)], input, width: head.shape.width, workspace: Workspace(),
            pool: ComputePool(threads: 1))
        var sizes: [Int] = []
        func pooled(atOnce: Int) -> [[Float]] {
            tokens.withoutEach(of: 0, atOnce: atOnce) { rest in
                sizes.append(rest.count)
                return rest.map { $0.mean + $0.pooled }
            }
        }
        let inPieces = pooled(atOnce: 64)
        #expect(inPieces == pooled(atOnce: 150))
        #expect(sizes == [64, 64, 22, 150])
    }

    @Test(arguments: names) func `a token counts the same wherever in a long sound it is`(name: String) throws {
        // The same tokens again and again: where they are is nothing that an audio input of these heads knows.
        let short = FusionCheckpoint.tokens("audio", item: 0)
        let repeats = 100
        let size = short.tokens * short.width
        let values = (0..<short.states).flatMap { state in
            repeatElement(short.values[state * size..<(state + 1) * size], count: repeats).joined()
        }
        let long = TowerTokens(
            states: short.states, tokens: repeats * short.tokens, width: short.width, values: values)
        let output = classify(try head(name), [["audio": long]], explains: [true])[0]
        let weights = try #require(output.attention?["audio"])
        #expect(weights.count == 700 && abs(weights.reduce(0, +) - 1) < 1e-4)
        #expect(weights.indices.allSatisfy { weights[$0] == weights[$0 % short.tokens] })
    }

    @Test func `a token that comes alone is all that counts`() throws {
        let text = FusionCheckpoint.tokens("text", item: 1)
        let one = TowerTokens(states: 1, tokens: 1, width: text.width, values: Array(text.values.prefix(text.width)))
        #expect(classify(try head("concat"), [["text": one]], explains: [true])[0].attention == ["text": [1]])
    }

    @Test func `all of the checkpoint's tensors are read`() throws {
        let configuration = checkpoint.configuration
        let weights = Weights(checkpoint.folder)
        let text = BERT(weights["text"], try #require(configuration.towers.text))
        guard case .textBranch(let prose)? = configuration.towers["prose"] else { throw Missing() }
        _ = BERT(weights["prose"], prose, of: text)
        for (name, head) in configuration.heads {
            switch head {
            case .classifier(let head): _ = ClassifierHead(weights[name], head, towers: configuration.towers)
            case .projection(let head): _ = ProjectionHead(weights[name], head, towers: configuration.towers, names: 0)
            case .linear(let head): _ = LinearHead(weights[name], head, towers: configuration.towers)
            case .caption: break
            }
        }
        try weights.finish()
    }
}
