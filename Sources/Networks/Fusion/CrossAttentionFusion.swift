import Checkpoint
import Tensor

/// Fusion by cross-attention. Its terms are each part's own mean, for each pair of parts both directions summed, the triple
/// (each of three parts to the tokens of the two others, summed), and the match of two parts in the joint space. The terms that
/// are there become one vector side by side (zeros for those that are not), summed, or by the largest of each channel.
struct CrossAttentionFusion: Sendable {
    private let parts: [String]
    private let width: Int
    private let combination: SensoriumConfiguration.Fusion.Combination
    private let pairs: [Pair]
    /// Each part to the rest; empty where there is no triple.
    private let triple: [CrossAttention]
    private let match: MatchingTerm?

    private struct Pair: Sendable {
        let parts: Set<Int>
        let directions: [Direction]
    }

    private struct Direction: Sendable {
        let from: Int
        let to: Int
        let network: CrossAttention
    }

    /// One term of one item: there if all its parts are.
    struct Term {
        let parts: Set<Int>
        let width: Int
        /// [width]; nil for an item without its parts.
        var value: [Float]?
    }

    /// How much a part's tokens were attended to, by each direction that did.
    typealias CrossAttentionWeights = [Int: [[Float]]]

    /// Reads the tensors `cross.…` and `match.…`.
    init(_ weights: Weights, _ head: SensoriumConfiguration.ClassifierHead) {
        let parts = head.inputs.names
        self.parts = parts
        width = head.shape.width
        combination = head.fusion.combination
        func network(_ key: String) -> CrossAttention {
            CrossAttention(weights["cross.\(key)"], head.shape, layers: head.fusion.layers)
        }
        pairs = Self.pairs(head).map { directions in
            Pair(
                parts: Set(directions.flatMap { [$0.from, $0.to] }),
                directions: directions.map { from, to in
                    Direction(from: from, to: to, network: network(Self.key(parts[from], parts[to])))
                })
        }
        triple = head.fusion.triple ? parts.map { network(Self.key($0, "rest")) } : []
        match = head.fusion.match.map { MatchingTerm(weights["match"], $0, among: parts) }
    }

    /// The pairs of parts in order, each with the directions that the checkpoint has.
    private static func pairs(
        _ head: SensoriumConfiguration.ClassifierHead
    ) -> [[(from: Int, to: Int)]] {
        let names = head.inputs.names
        var pairs: [[(from: Int, to: Int)]] = []
        for first in names.indices {
            for second in names.indices.dropFirst(first + 1) {
                let directions = [(from: first, to: second), (from: second, to: first)].filter { direction in
                    guard let chosen = head.fusion.directions else { return true }
                    return chosen.contains(.init(from: names[direction.from], to: names[direction.to]))
                }
                if !directions.isEmpty { pairs.append(directions) }
            }
        }
        return pairs
    }

    private static func key(_ from: String, _ to: String) -> String {
        let names = [from, to].map(SensoriumConfiguration.HeadInput.tensorName)
        return "\(names[0])_to_\(names[1])"
    }

    /// The width of the fused vector.
    static func width(_ head: SensoriumConfiguration.ClassifierHead) -> Int {
        guard head.fusion.combination == .concat else { return head.shape.width }
        return head.shape.width * (head.inputs.names.count + pairs(head).count + (head.fusion.triple ? 1 : 0))
            + (head.fusion.match?.dimensions ?? 0)
    }

    /// The terms of each item of a batch, and where `explains` is true what its tokens were looked at.
    /// - Parameter vectors: for the match, if there is one, the vectors in the space of the parts of each item.
    func terms(
        _ tokens: [PartTokens], _ vectors: [[String: [Float]]], explains: [Bool], pool: ComputePool
    ) -> (terms: [[Term]], attended: [CrossAttentionWeights]) {
        var terms = explains.indices.map { item in
            parts.indices.map { Term(parts: [$0], width: width, value: tokens[$0].mean(of: item)) }
        }
        var attended = explains.map { _ in CrossAttentionWeights() }
        for pair in pairs {
            let items = explains.indices.filter { item in pair.parts.allSatisfy { tokens[$0].has(item) } }
            var sums: [Int: [Float]] = [:]
            for direction in pair.directions {
                let (means, weights) = run(
                    direction.network, from: direction.from, to: [direction.to], tokens, items, explains, pool)
                for (position, item) in items.enumerated() {
                    sums[item] = sum(sums[item], means[position])
                    if let weights = weights[position] { attended[item][direction.to, default: []].append(weights) }
                }
            }
            for item in explains.indices {
                terms[item].append(Term(parts: pair.parts, width: width, value: sums[item]))
            }
        }
        if !triple.isEmpty { addTriple(tokens, explains, pool, to: &terms, &attended) }
        if let match {
            for item in explains.indices { terms[item].append(match.term(of: vectors[item])) }
        }
        return (terms, attended)
    }

    private func addTriple(
        _ tokens: [PartTokens], _ explains: [Bool], _ pool: ComputePool, to terms: inout [[Term]],
        _ attended: inout [CrossAttentionWeights]
    ) {
        let items = explains.indices.filter { item in tokens.allSatisfy { $0.has(item) } }
        var sums: [Int: [Float]] = [:]
        for part in parts.indices {
            let rest = parts.indices.filter { $0 != part }
            let (means, weights) = run(triple[part], from: part, to: rest, tokens, items, explains, pool)
            for (position, item) in items.enumerated() {
                sums[item] = sum(sums[item], means[position])
                guard var weights = weights[position] else { continue }
                for part in rest {
                    let count = tokens[part].count(of: item)
                    attended[item][part, default: []].append(Array(weights.prefix(count)))
                    weights.removeFirst(count)
                }
            }
        }
        for item in explains.indices {
            terms[item].append(Term(parts: Set(parts.indices), width: width, value: sums[item]))
        }
    }

    private func run(
        _ network: CrossAttention, from: Int, to rest: [Int], _ tokens: [PartTokens], _ items: [Int],
        _ explains: [Bool], _ pool: ComputePool
    ) -> (means: [[Float]], weights: [[Float]?]) {
        guard !items.isEmpty else { return ([], []) }
        let (x, rows) = PartTokens.gather([tokens[from]], items)
        let (memory, memoryRows) = PartTokens.gather(rest.map { tokens[$0] }, items)
        return network.apply(
            x.pointer, rows, memory: memory.pointer, memoryRows, explains: items.map { explains[$0] }, pool: pool)
    }

    private func sum(_ a: [Float]?, _ b: [Float]) -> [Float] {
        guard let a else { return b }
        return zip(a, b).map { $0 + $1 }
    }

    /// The fused vector of an item of which only `parts` are looked at.
    func combine(_ terms: [Term], parts: Set<Int>) -> [Float] {
        let values = terms.map { $0.parts.isSubset(of: parts) ? $0.value : nil }
        switch combination {
        case .concat: return zip(terms, values).flatMap { $1 ?? [Float](repeating: 0, count: $0.width) }
        case .sum:
            return values.compactMap(\.self).reduce([Float](repeating: 0, count: width)) { zip($0, $1).map { $0 + $1 } }
        case .max:
            let there = values.compactMap(\.self)
            return there.dropFirst().reduce(there[0]) { zip($0, $1).map { Swift.max($0, $1) } }
        }
    }
}
