import Checkpoint
import Foundation
import Tensor
import Testing

@testable import Networks

@Suite struct `Image tower` {
    /// Weights drawn as Tests/Fixtures/tensor/make_golden.py draws them, scaled to keep the signal's size.
    static func network(_ layout: EfficientNetLiteLayout, _ numbers: inout SplitMix, kernels: KernelSet)
        -> EfficientNetLite
    {
        EfficientNetLite(layout: layout, kernels: kernels) { name, shape in
            let count = shape.reduce(1, *)
            let scale = name.hasSuffix("bias") ? 0.5 : Float((6.0 / Double(count / shape[0])).squareRoot())
            return numbers.take(count).map { $0 * scale }
        }
    }

    @Test(arguments: KernelSet.available.map(\.name))
    func `gives the tokens that timm's network gives for the same weights`(name: String) throws {
        let kernels = try #require(KernelSet.available.first { $0.name == name })
        var numbers = SplitMix(state: 2024)
        let tower = Self.network(.lite2, &numbers, kernels: kernels)
        #expect(tower.tokenCount == 81 && tower.channels == 1280)
        let pixels = FloatBuffer(numbers.take(260 * 260 * 3))
        let tokens = FloatBuffer(count: 81 * 1280)
        tower.tokens(pixels.pointer, batch: 1, into: tokens.pointer, pool: ComputePool(threads: 2))
        let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Fixtures/tensor/efficientnet_lite2.f32")
        let expected = try Data(contentsOf: url).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        let elements = tokens.elements
        let got = stride(from: 0, to: elements.count, by: 16).map { elements[$0] }
        try #require(got.count == expected.count)
        let worst = zip(got, expected).map { abs($0 - $1) }.max() ?? .infinity
        #expect(worst < 1e-3, "values are in 0...6, with a deviation of 2")
    }

    @Test(arguments: KernelSet.available.map(\.name))
    func `an image's tokens are the same alone, in a batch and on any number of threads`(name: String) throws {
        let kernels = try #require(KernelSet.available.first { $0.name == name })
        var numbers = SplitMix(state: 7)
        // Small, with every kind of block: rows and channels at a time, both strides and windows, with and without
        // residual, channels that do not fill a panel.
        let layout = EfficientNetLiteLayout(
            imageSize: 90, stemOutputs: 8,
            stages: [(1, 3, 1, 1, 12), (2, 3, 1, 3, 12), (2, 5, 2, 6, 20), (2, 3, 2, 6, 24)], headOutputs: 40)
        let tower = Self.network(layout, &numbers, kernels: kernels)
        let (imageLength, outputLength) = (90 * 90 * 3, tower.tokenCount * tower.channels)
        let pixels = FloatBuffer(numbers.take(3 * imageLength))
        var alone: [Float] = []
        for image in 0..<3 {
            let tokens = FloatBuffer(count: outputLength)
            tower.tokens(
                pixels.pointer + image * imageLength, batch: 1, into: tokens.pointer, pool: ComputePool(threads: 1))
            alone += tokens.elements
        }
        #expect(Set(alone).count > 100)
        for threads in 1...5 {
            let tokens = FloatBuffer(count: 3 * outputLength)
            tower.tokens(pixels.pointer, batch: 3, into: tokens.pointer, pool: ComputePool(threads: threads))
            #expect(tokens.elements == alone, "\(threads) threads")
        }
    }

    @Test(arguments: [1, 3, 7])
    func `a branch is the tower with blocks of its own behind those that it shares`(fromBlock: Int) throws {
        var numbers = SplitMix(state: 9)
        let layout = EfficientNetLiteLayout(
            imageSize: 90, stemOutputs: 8,
            stages: [(1, 3, 1, 1, 12), (2, 3, 1, 3, 12), (2, 5, 2, 6, 20), (2, 3, 2, 6, 24)], headOutputs: 40)
        var drawn: [String: [Float]] = [:]
        let trunk = EfficientNetLite(layout: layout, kernels: .best) { name, shape in
            drawn[name] = numbers.take(shape.reduce(1, *)).map { $0 * 0.3 }
            return drawn[name] ?? []
        }
        var asked: Set<String> = []
        let same = EfficientNetLite(trunk, fromBlock: fromBlock) { name, _ in
            asked.insert(name)
            return drawn[name] ?? []
        }
        #expect(asked.isSubset(of: drawn.keys) && !asked.isEmpty)
        #expect(!asked.contains("stem.weight") && !asked.contains("blocks.\(fromBlock - 1).project.weight"))
        let other = EfficientNetLite(trunk, fromBlock: fromBlock) { _, shape in
            numbers.take(shape.reduce(1, *)).map { $0 * 0.3 }
        }
        let pixels = FloatBuffer(numbers.take(90 * 90 * 3))
        let outputs = [trunk, same, other].map { tower in
            let tokens = FloatBuffer(count: tower.tokenCount * tower.channels)
            tower.tokens(pixels.pointer, batch: 1, into: tokens.pointer, pool: ComputePool(threads: 2))
            return tokens.elements
        }
        #expect(outputs[1] == outputs[0] && outputs[2] != outputs[0])

        // Both at once, of two images: what they share is computed once, and nothing changes.
        let pair = FloatBuffer(pixels.elements + pixels.elements.reversed())
        let (whole, branched) = (FloatBuffer(count: 2 * outputs[0].count), FloatBuffer(count: 2 * outputs[0].count))
        trunk.tokens(
            pair.pointer, batch: 2, into: whole.pointer, and: other, into: branched.pointer,
            pool: ComputePool(threads: 2))
        #expect(Array(whole.elements.prefix(outputs[0].count)) == outputs[0])
        #expect(Array(branched.elements.prefix(outputs[0].count)) == outputs[2])
        let second = FloatBuffer(Array(pixels.elements.reversed()))
        let alone = FloatBuffer(count: outputs[0].count)
        other.tokens(second.pointer, batch: 1, into: alone.pointer, pool: ComputePool(threads: 1))
        #expect(Array(branched.elements.suffix(outputs[0].count)) == alone.elements)
    }

    @Test func `names each of its weights once, as the checkpoint does`() {
        let names = Weights.asked { _ = EfficientNetLite($0["image"]) }.map(\.name)
        #expect(names.count == 2 * (1 + 20 + 21 + 21 + 1) && Set(names).count == names.count)
        #expect(names.contains("image.blocks.20.project.weight") && !names.contains("image.blocks.0.expand.weight"))
    }
}

/// A reproducible stream of numbers in -1..<1 (splitmix64), the same as in make_golden.py.
struct SplitMix {
    var state: UInt64

    mutating func take(_ count: Int) -> [Float] {
        (0..<count).map { _ in
            state &+= 0x9e37_79b9_7f4a_7c15
            var z = state
            z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
            z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
            z ^= z >> 31
            return Float(z >> 40) / Float(1 << 23) - 1
        }
    }
}
