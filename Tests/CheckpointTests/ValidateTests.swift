import Checkpoint
import Testing

@Suite struct ValidateTests {
    private static let one: [UInt8] = [0, 0x3C]

    @Test func `all tensors that are not as the network needs them are named at once`() throws {
        let folder = try TinyModel.folder(tensors: [
            ("good", "F16", [1], Self.one), ("transposed", "F16", [1, 2], Self.one + Self.one),
            ("wrong", "F16", [2], Self.one + Self.one), ("integers", "I8", [1], [1]), ("extra", "F32", [0], []),
            ("nan", "F16", [2], Self.one + [1, 0x7E]),
        ])
        let checkpoint = try Checkpoint.open(folder.path)
        let error = #expect(throws: CheckpointError.self) {
            try checkpoint.validate([
                TensorRequirement("good", [1]), TensorRequirement("transposed", [2, 1]),
                TensorRequirement("wrong", [3]), TensorRequirement("integers", [1]), TensorRequirement("nan", [2]),
                TensorRequirement("missing", [4, 4]),
            ])
        }
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
        try checkpoint.validate([TensorRequirement("w", [1])])
        #expect(try checkpoint.tensor("w").floats() == [1])
    }

    @Test func `a tensor that is not there is named`() throws {
        let folder = try TinyModel.folder()
        let checkpoint = try Checkpoint.open(folder.path)
        let error = #expect(throws: CheckpointError.self) { try checkpoint.tensor("caption.output_bias") }
        #expect(error?.description.contains("caption.output_bias") == true)
    }
}
