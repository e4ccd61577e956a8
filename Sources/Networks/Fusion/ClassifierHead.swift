import Checkpoint
import Tensor

/// A head that chooses among labels from any non-empty subset of its parts:
///
///     x_m     = adapter of m (HeadInput)
///     alone_m = classifier(pool(x_m))                    what m by itself says
///     logits  = fusion over the parts that are there
///
/// Items of a batch stand one below the other without padding, so that no item's answer depends on the others. The reference
/// is models/training/sensorium/fusion.py.
public final class ClassifierHead: Sendable {
    /// The parts that it reads, in the order of `config.json`.
    public let parts: [String]

    private let width: Int
    private let inputs: [HeadInput]
    /// One for each part; empty for a head that is never asked what a part alone says.
    private let alone: [LabelClassifier]
    private let fusion: Fusion
    /// Tokens of which it is looked at once how much each counts: a sound of ten minutes has 30,000.
    private static let tokensAtOnce = 256

    private enum Fusion: Sendable {
        case crossAttention(CrossAttentionFusion, LabelClassifier)
        case concat(LabelClassifier)
        case weightedSum([Float], LabelClassifier)
        case late(LateFusion)
        case hybrid(CrossAttentionFusion, LabelClassifier, LateFusion)

        var crossAttention: CrossAttentionFusion? {
            switch self {
            case .crossAttention(let network, _), .hybrid(let network, _, _): network
            case .concat, .weightedSum, .late: nil
            }
        }
    }

    /// What the head says of one item.
    public struct Output: Sendable, Equatable {
        /// Of all parts together, one for each label; of late fusion log-probabilities.
        public let logits: [Float]
        /// Of each part alone; empty for a head without classifiers of single parts.
        public let alone: [String: [Float]]
        /// Of all parts but one, for items of several parts.
        public let without: [String: [Float]]
        /// Where it was asked for: for each part that others attended to, how much each of its tokens was looked at by the
        /// last layer, mean over heads, tokens and directions; of a part that comes alone, how far the answer moves where the
        /// part is pooled without each of its tokens. The sum is 1.
        public let attention: [String: [Float]]?

        /// The same with further answers: `logits` of all parts together (`true`), and of all but one.
        public func answered(_ logits: (_ of: [Float], _ isWhole: Bool) -> [Float]) -> Output {
            Output(
                logits: logits(self.logits, true), alone: alone, without: without.mapValues { logits($0, false) },
                attention: attention)
        }
    }

    /// Reads the head's tensors.
    public init(
        _ weights: Weights, _ head: SensoriumConfiguration.ClassifierHead,
        towers: Named<SensoriumConfiguration.Tower>
    ) {
        parts = head.inputs.names
        let width = head.shape.width
        self.width = width
        func classifier(_ part: String, _ inputs: Int) -> LabelClassifier {
            LabelClassifier(weights[part], inputs: inputs, hidden: head.hidden, labels: head.labels.count)
        }
        var inputs: [HeadInput] = []
        var alone: [LabelClassifier] = []
        for (part, input) in head.inputs {
            let tensor = SensoriumConfiguration.HeadInput.tensorName(ofPart: part)
            let adapter = HeadInput(
                weights["inputs.\(tensor)"], input, head.shape, towerWidth: towers.width(of: input.tower))
            inputs.append(adapter)
            if head.saysAlone { alone.append(classifier("alone.\(tensor)", adapter.pooledWidth)) }
        }
        self.inputs = inputs
        self.alone = alone
        let count = inputs.count
        switch head.fusion.kind {
        case .crossAttention:
            let network = CrossAttentionFusion(weights["fusion"], head)
            fusion = .crossAttention(network, classifier("classifier", CrossAttentionFusion.width(head)))
        case .concat: fusion = .concat(classifier("classifier", width * count))
        case .weightedSum:
            fusion = .weightedSum(weights.floats("input_weights", [count]), classifier("classifier", width))
        case .late: fusion = .late(LateFusion(weights, head.fusion.late, parts: count))
        case .hybrid:
            let network = CrossAttentionFusion(weights["fusion"], head)
            fusion = .hybrid(
                network, classifier("classifier", CrossAttentionFusion.width(head)),
                LateFusion(weights, .weighted, parts: count))
        }
    }

    /// What the head says of several items, each any non-empty subset of `parts`; `explains` says of which items the
    /// attention is wanted. An item without any part, or of another width than the tower's, is the caller's mistake and
    /// stops the program.
    /// - Parameter vectors: for a head with a match, the vectors in the space of the parts that each item has of it.
    public func classify(
        _ items: [[String: TowerTokens]], vectors: [[String: [Float]]] = [], explains: [Bool], workspace: Workspace,
        pool: ComputePool
    ) -> [Output] {
        let tokens = zip(parts, inputs).map { part, input in
            PartTokens(items.map { $0[part] }, input, width: width, workspace: workspace, pool: pool)
        }
        let alone = zip(tokens, alone).map { tokens, classifier in spread(tokens.pooled) { classifier($0, pool: pool) }
        }
        // Each item with all its parts, then with each left out.
        var selections: [Selection] = []
        for item in items.indices {
            let there = Set(parts.indices.filter { tokens[$0].has(item) })
            precondition(!there.isEmpty, "an item has none of the head's parts")
            selections.append(Selection(item: item, parts: there, leavesOut: nil))
            guard there.count > 1 else { continue }
            for part in there.sorted() {
                selections.append(Selection(item: item, parts: there.subtracting([part]), leavesOut: part))
            }
        }
        let cross = fusion.crossAttention?.terms(tokens, vectors, explains: explains, pool: pool)
        let logits = fuse(
            selections.map { selection in
                Reading(
                    parts: selection.parts,
                    means: parts.indices.map {
                        selection.parts.contains($0) ? tokens[$0].mean(of: selection.item) : nil
                    },
                    said: alone.isEmpty
                        ? []
                        : selection.parts.sorted().compactMap { part in
                            alone[part][selection.item].map { (part, $0) }
                        },
                    terms: cross?.terms[selection.item] ?? [])
            }, pool)
        return items.indices.map { item in
            let fused = zip(selections, logits).filter { $0.0.item == item }
            return Output(
                logits: fused[0].1,
                alone: alone.isEmpty ? [:] : byPart(parts.indices.map { alone[$0][item] }),
                without: Dictionary(
                    uniqueKeysWithValues: fused.compactMap { selection, logits in
                        selection.leavesOut.map { (parts[$0], logits) }
                    }),
                attention: explains[item]
                    ? attention(cross?.attended[item] ?? [:]).merging(
                        influence(
                            item, tokens, terms: cross?.terms[item] ?? [], whole: fused[0].1, pool: pool)
                    ) { looked, _ in looked } : nil)
        }
    }

    /// Of an item of one part, which nothing looks at: how far the answer moves, in total variation, where the part is read
    /// without each of its tokens, scaled to the sum 1. Empty for other items.
    private func influence(
        _ item: Int, _ tokens: [PartTokens], terms: [CrossAttentionFusion.Term], whole: [Float], pool: ComputePool
    ) -> [String: [Float]] {
        let there = parts.indices.filter { tokens[$0].has(item) }
        guard there.count == 1, let part = there.first else { return [:] }
        let answer = softmax(whole)
        let distances = tokens[part].withoutEach(of: item, atOnce: Self.tokensAtOnce) { rest in
            let said = alone.isEmpty ? [] : alone[part](rest.map(\.pooled), pool: pool)
            let logits = fuse(
                rest.indices.map { token in
                    Reading(
                        parts: [part], means: parts.indices.map { $0 == part ? rest[token].mean : nil },
                        said: said.isEmpty ? [] : [(part, said[token])],
                        terms: terms.map { term in
                            var term = term
                            if term.parts == [part] { term.value = rest[token].mean }
                            return term
                        })
                }, pool)
            return logits.map { zip(answer, softmax($0)).reduce(Float(0)) { $0 + abs($1.0 - $1.1) } }
        }
        guard !distances.isEmpty else { return [parts[part]: [1]] }
        let sum = distances.reduce(0, +)
        return [parts[part]: distances.map { sum > 0 ? $0 / sum : 1 / Float(distances.count) }]
    }

    /// An item of which only some parts are looked at.
    private struct Selection {
        let item: Int
        let parts: Set<Int>
        let leavesOut: Int?
    }

    /// What fusion reads of an item, of which only some parts are looked at.
    private struct Reading {
        let parts: Set<Int>
        /// The mean of each part's tokens; nil for those that are not looked at.
        let means: [[Float]?]
        /// What each of the parts says alone.
        let said: [(part: Int, logits: [Float])]
        /// The terms of cross-attention.
        let terms: [CrossAttentionFusion.Term]
    }

    /// The fused logits of each reading.
    private func fuse(_ readings: [Reading], _ pool: ComputePool) -> [[Float]] {
        switch fusion {
        case .crossAttention(let network, let classifier):
            return classifier(readings.map { network.combine($0.terms, parts: $0.parts) }, pool: pool)
        case .hybrid(let network, let classifier, let late):
            let logits = classifier(readings.map { network.combine($0.terms, parts: $0.parts) }, pool: pool)
            return zip(logits, readings).map { logits, reading in zip(logits, late(reading.said)).map { $0 + $1 } }
        case .concat(let classifier):
            let zeros = [Float](repeating: 0, count: width)
            return classifier(readings.map { $0.means.flatMap { $0 ?? zeros } }, pool: pool)
        case .weightedSum(let inputWeights, let classifier):
            return classifier(
                readings.map { reading in
                    let there = parts.indices.map { reading.parts.contains($0) ? inputWeights[$0] : -.infinity }
                    var sum = [Float](repeating: 0, count: width)
                    for (mean, weight) in zip(reading.means, softmax(there)) {
                        guard let mean else { continue }
                        for column in 0..<width { sum[column] += mean[column] * weight }
                    }
                    return sum
                }, pool: pool)
        case .late(let late): return readings.map { late($0.said) }
        }
    }

    /// `compute` of the values that are there, in their places.
    private func spread(_ values: [[Float]?], _ compute: ([[Float]]) -> [[Float]]) -> [[Float]?] {
        var results = compute(values.compactMap(\.self)).makeIterator()
        return values.map { $0 == nil ? nil : results.next() }
    }

    private func byPart(_ values: [[Float]?]) -> [String: [Float]] {
        Dictionary(uniqueKeysWithValues: zip(parts, values).compactMap { part, value in value.map { (part, $0) } })
    }

    /// The mean of all cross-attention weights of a part, scaled to the sum 1.
    private func attention(_ attended: CrossAttentionFusion.CrossAttentionWeights) -> [String: [Float]] {
        byPart(
            parts.indices.map { part in
                guard let weights = attended[part] else { return nil }
                var mean = [Float](repeating: 0, count: weights[0].count)
                for row in weights {
                    let sum = row.reduce(0, +)
                    guard sum > 0 else { continue }
                    for token in mean.indices { mean[token] += row[token] / sum }
                }
                let sum = mean.reduce(0, +)
                return sum > 0 ? mean.map { $0 / sum } : nil
            })
    }
}

extension Named<SensoriumConfiguration.Tower> {
    /// The width of the tokens of the tower of that name; 0 where it gives none, which the configuration's checks refuse for
    /// an input of a head.
    public func width(of name: String) -> Int {
        switch self[name] {
        case .image(let tower)?: tower.channels
        case .imageBranch(let branch)?: width(of: branch.trunk)
        case .text(let tower)?: tower.hiddenSize
        case .textBranch(let branch)?: width(of: branch.trunk)
        case .audio(let tower)?: tower.hiddenSize
        case .face(let tower)?: tower.channels
        case .features(let tower)?: tower.width
        case .faceFinder?, .textFinder?, .textReader?, nil: 0
        }
    }
}
