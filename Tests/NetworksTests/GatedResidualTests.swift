import Checkpoint
import Foundation
import Tensor
import Testing

@testable import Networks

@Suite struct GatedResidualTests {
    private let checkpoint: SensoriumCheckpoint
    private let composition: SensoriumConfiguration.Composition
    private let dimensions: Int
    private let network: GatedResidual
    private let golden: [SpaceFixture.Item]

    init() throws {
        checkpoint = try SpaceFixture.open()
        let space = try #require(checkpoint.configuration.heads.space)
        let composition = try #require(space.head.composition)
        self.composition = composition
        dimensions = space.head.dimensions
        network = try checkpoint.folder.read {
            GatedResidual($0["\(space.name).composition"], composition, dimensions: space.head.dimensions)
        }
        golden = try SpaceFixture.golden()
    }

    private func pairs() throws -> [(pair: (image: [Float], text: [Float]), expected: [Float])] {
        try golden.flatMap { item in
            try item.queries.filter(\.isComposition).map { query in
                let image = try #require(item.keys[query.view == "sketch" ? "sketch" : "image"])
                return ((image, try #require(item.keys["text"])), query.vector)
            }
        }
    }

    @Test func `vectors are those of PyTorch, of length 1`() throws {
        let pairs = try pairs()
        #expect(pairs.count == 4)
        for (vector, expected) in zip(network.compose(pairs.map(\.pair), pool: ComputePool(threads: 2)), pairs) {
            #expect(largestDifference(vector, expected.expected) < 1e-5)
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
    }

    @Test func `the formula in double precision gives the same`() throws {
        func tensor(_ name: String) throws -> [Double] {
            try checkpoint.folder.tensor("space.composition.\(name)").floats().map(Double.init)
        }
        func linear(_ x: [Double], _ name: String) throws -> [Double] {
            let (weight, bias) = (try tensor("\(name).weight"), try tensor("\(name).bias"))
            return bias.indices.map { row in
                x.indices.reduce(bias[row]) { $0 + weight[row * x.count + $1] * x[$1] }
            }
        }
        let mix = try tensor("mix")
        for (pair, _) in try pairs() {
            let x = (pair.image + pair.text).map(Double.init)
            let gate = try linear(try linear(x, "gate.up").map { max(0, $0) }, "gate.down")
            let residual = try linear(try linear(x, "residual.up").map { max(0, $0) }, "residual.down")
            let sum = (0..<dimensions).map { index in
                mix[0] / (1 + exp(-gate[index])) * Double(pair.image[index]) + mix[1] * residual[index]
            }
            let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let vector = network.compose([pair], pool: ComputePool(threads: 1))[0]
            #expect(largestDifference(vector, sum.map { Float($0 / length) }) < 1e-5)
        }
    }

    @Test func `a vector does not depend on the batch or the threads`() throws {
        let pairs = try pairs().map(\.pair)
        let alone = pairs.map { network.compose([$0], pool: ComputePool(threads: 1))[0] }
        #expect(network.compose(pairs + pairs.reversed(), pool: ComputePool(threads: 2)) == alone + alone.reversed())
        #expect(network.compose([], pool: ComputePool(threads: 1)).isEmpty)
    }

    @Test func `what it needs is what the checkpoint has`() throws {
        let space = try #require(checkpoint.configuration.heads.space)
        let towers = checkpoint.configuration.towers
        let asked = Weights.asked { _ = ProjectionHead($0[space.name], space.head, towers: towers, names: 0) }
        let found = checkpoint.folder.tensors.filter { $0.name.hasPrefix("space.") }
        #expect(Set(asked) == Set(found.map { Weights.Asked($0.name, $0.shape) }))
    }
}

@Suite struct ConceptMatrixTests {
    private let concepts: ConceptMatrix
    private let phrases: [String]

    init() throws {
        let checkpoint = try SpaceFixture.open()
        let space = try #require(checkpoint.configuration.heads.space)
        phrases = space.head.concepts
        let count = space.head.concepts.count
        concepts = try checkpoint.folder.read {
            ConceptMatrix($0["space"], "concepts", count: count, dimensions: space.head.dimensions)
        }
    }

    @Test func `the nearest phrases are those of PyTorch`() throws {
        for item in try SpaceFixture.golden() {
            let names = item.keys.keys.sorted()
            let nearest = concepts.nearest(to: names.compactMap { item.keys[$0] })
            for (name, (row, score)) in zip(names, nearest) {
                let expected = try #require(item.concepts[name])
                #expect(phrases[row] == expected.phrase && abs(score - expected.score) < 1e-5, "\(name)")
            }
        }
    }

    @Test func `a phrase is its own nearest, at a cosine of 1`() throws {
        let checkpoint = try SpaceFixture.open()
        let values = try checkpoint.folder.tensor("space.concepts").floats()
        let width = values.count / phrases.count
        for row in phrases.indices {
            let stored = Array(values[row * width..<(row + 1) * width])
            let length = stored.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let nearest = concepts.nearest(to: [stored.map { $0 / length }])[0]
            #expect(nearest.row == row && abs(nearest.score - 1) < 1e-6)
        }
        #expect(concepts.nearest(to: []).isEmpty)
    }
}
