import Checkpoint
import Testing

@Suite struct WeightsTests {
    private static let one: [UInt8] = [0, 0x3C]

    @Test func `all tensors that are not as the network needs them are named at once`() throws {
        let folder = try TinyModel.folder(tensors: [
            ("good", "F16", [1], Self.one), ("transposed", "F16", [1, 2], Self.one + Self.one),
            ("wrong", "F16", [2], Self.one + Self.one), ("integers", "I8", [1], [1]), ("extra", "F32", [0], []),
            ("nan", "F16", [2], Self.one + [1, 0x7E]),
        ])
        let weights = Weights(try Checkpoint.open(folder.path))
        #expect(weights.isSound && weights.floats("good", [1]) == [1] && weights.isSound)
        for (name, shape) in [
            ("transposed", [2, 1]), ("wrong", [3]), ("integers", [1]), ("nan", [2]), ("missing", [4, 4]),
        ] {
            #expect(weights.floats(name, shape).isEmpty)
        }
        let error = #expect(throws: CheckpointError.self) { try weights.finish() }
        #expect(
            error?.problems.map(\.description) == [
                "The tensor transposed has the shape [1, 2], but config.json asks for [2, 1]; it seems to be transposed.",
                "The tensor wrong has the shape [2], but config.json asks for [3].",
                "The tensor integers has elements of type I8; F32, F16 and BF16 can be used.",
                "The tensor nan has the value NaN at element 1; every weight must be finite.",
                "The tensor missing [4, 4] is missing.",
                "The tensor extra [0] is not part of the model that config.json describes.",
            ])
    }

    @Test(arguments: [("F16", Self.one), ("BF16", [0x80, 0x3F]), ("F32", [0, 0, 0x80, 0x3F])] as [(String, [UInt8])])
    func `every weight type is taken, whichever the checkpoint was trained in`(type: String, bytes: [UInt8]) throws {
        let folder = try TinyModel.folder(tensors: [("w", type, [1], bytes)])
        let checkpoint = try Checkpoint.open(folder.path)
        #expect(try checkpoint.read { $0.floats("w", [1]) } == [1])
    }

    @Test func `a tensor that is not there is named`() throws {
        let folder = try TinyModel.folder()
        let checkpoint = try Checkpoint.open(folder.path)
        let error = #expect(throws: CheckpointError.self) { try checkpoint.tensor("caption.output_bias") }
        #expect(error?.description.contains("caption.output_bias") == true)
    }

    @Test func `a scope reads the tensors below its name`() throws {
        let folder = try TinyModel.folder(tensors: [("a.b.c.w", "F16", [1], Self.one)])
        let weights = Weights(try Checkpoint.open(folder.path))
        #expect(weights["a"].has("b.c.w") && !weights.has("b.c.w"))
        #expect(throws: CheckpointError.self) { try weights.finish() }
        #expect(weights["a"]["b.c"].floats("w", [1]) == [1])
        try weights.finish()
    }

    @Test func `a tensor that several share counts once, and what is wrong with it is said once`() throws {
        let folder = try TinyModel.folder(tensors: [
            ("tied", "F16", [1], Self.one), ("bad", "F16", [1], [1, 0x7E]),
        ])
        let weights = Weights(try Checkpoint.open(folder.path))
        for _ in 0..<2 { #expect(weights.floats("tied", [1]) == [1]) }
        #expect(weights.parameterCount == 1)
        for _ in 0..<2 { #expect(weights.floats("bad", [1]).isEmpty) }
        let error = #expect(throws: CheckpointError.self) { try weights.finish() }
        #expect(error?.problems == [.notFinite(name: "bad", position: 0, value: "NaN")])
    }

    @Test func `one tensor asked for in two shapes is refused`() throws {
        let folder = try TinyModel.folder(tensors: [("tied", "F16", [1], Self.one)])
        let weights = Weights(try Checkpoint.open(folder.path))
        #expect(weights.floats("tied", [1]) == [1] && weights.floats("tied", [1, 1]).isEmpty)
        let error = #expect(throws: CheckpointError.self) { try weights.check() }
        #expect(error?.problems == [.wrongShape(name: "tied", found: [1], expected: [1, 1])])
    }

    @Test func `from the first problem on nothing is taken, and everything is looked at`() throws {
        let folder = try TinyModel.folder(tensors: [
            ("good", "F16", [1], Self.one), ("nan", "F16", [1], [1, 0x7E]),
        ])
        let weights = Weights(try Checkpoint.open(folder.path))
        // No machine has room for a stand-in of that shape.
        #expect(weights.floats("missing", [1 << 40, 1 << 40, 1 << 40]).isEmpty && !weights.isSound)
        #expect(weights.tensor("good", [1]) == nil && weights.floats("nan", [1]).isEmpty)
        #expect(weights.made(1, orElse: 2) == 2)
        let error = #expect(throws: CheckpointError.self) { try weights.finish() }
        #expect(error?.problems.count == 2)
    }

    @Test(
        arguments: [
            (["position_ids", "pooler"], ["text.poolers.w", "text.w"]),
            (["text.pooler.dense", "embeddings.position_ids"], ["text.poolers.w", "text.w"]),
            (["text.*.position_ids", "*.w"], ["text.pooler.dense.b"]),
            (["text"], []), (["", "dense.text", "text.w.x"], nil),
        ] as [([String], [String]?)])
    func `what nobody read is named, unless it is of those that may be there`(
        ignored: [String], left: [String]?
    ) throws {
        let all = [
            "text.embeddings.position_ids", "text.pooler.dense.b", "text.pooler.dense.w", "text.poolers.w", "text.w",
        ]
        let folder = try TinyModel.folder(tensors: all.map { ($0, "I64", [0], []) })
        let weights = Weights(try Checkpoint.open(folder.path))
        var found: [String] = []
        do {
            try weights.finish(ignoring: ignored)
        } catch {
            found = error.problems.map { if case .extraTensor(let name, _) = $0 { name } else { "\($0)" } }
        }
        #expect(found == left ?? all)
    }

    @Test func `what is asked for can be listed without a checkpoint`() {
        let asked = Weights.asked { weights in
            #expect(weights["a"].floats("w", [2]).isEmpty && !weights.isSound)
            _ = weights.tensor("b", [])
            _ = weights["a"].floats("w", [2])
        }
        #expect(asked == [Weights.Asked("a.w", [2]), Weights.Asked("b", [])])
    }
}
