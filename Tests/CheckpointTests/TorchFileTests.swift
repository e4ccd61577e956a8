import Foundation
import Testing

@testable import Checkpoint

/// Files that PyTorch wrote (Tests/Fixtures/torch/make_torch.py), and the same tensors as safetensors.
@Suite struct TorchFileTests {
    static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/torch")

    static func bytes(_ name: String) throws -> [UInt8] { try Array(Data(contentsOf: fixtures.appending(path: name))) }

    /// A folder with that file as its tensors.
    private func folder(_ bin: [UInt8]) throws -> CheckpointFolder {
        let folder = try TinyModel.folder()
        folder.remove("model.safetensors")
        try folder.write("pytorch_model.bin", bin)
        return folder
    }

    private func problems(_ folder: CheckpointFolder) -> [String] {
        do {
            _ = try Checkpoint.open(folder.path)
            return []
        } catch {
            return error.problems.map(\.description)
        }
    }

    @Test(arguments: ["views", "protocol4", "module"])
    func `tensors are those of safetensors, bit for bit`(name: String) throws {
        let folder = try folder(Self.bytes("\(name).bin"))
        let checkpoint = try Checkpoint.open(folder.path)
        let same = try TinyModel.folder()
        try same.write("model.safetensors", Self.bytes("\(name).safetensors"))
        let expected = try Checkpoint.open(same.path)
        #expect(checkpoint.tensorNames == expected.tensorNames && checkpoint.tensorNames.count > 1)
        for (tensor, twin) in zip(checkpoint.tensors, expected.tensors) {
            #expect(tensor.elementType == twin.elementType && tensor.shape == twin.shape, "\(tensor.name)")
            #expect(Array(tensor.bytes) == Array(twin.bytes), "\(tensor.name)")
        }
        #expect(checkpoint.fileNames == ["pytorch_model.bin"])
    }

    @Test func `tensors that lie as they are read are not copied`() throws {
        let folder = try folder(Self.bytes("views.bin"))
        let checkpoint = try Checkpoint.open(folder.path)
        let table = try checkpoint.tensor("table").bytes
        #expect(try checkpoint.tensor("tied").bytes.baseAddress == table.baseAddress)
        #expect(try checkpoint.tensor("rows").bytes.baseAddress == table.baseAddress.map { $0 + 16 })
        let turned = try #require(checkpoint.tensor("turned").bytes.baseAddress)
        #expect(!(table.startIndex..<table.endIndex).contains(table.baseAddress.map { turned - $0 } ?? 0))
    }

    @Test func `tensors of a type that is no weight are there, and refused as weights`() throws {
        let folder = try folder(Self.bytes("views.bin"))
        let checkpoint = try Checkpoint.open(folder.path)
        let weights = Weights(checkpoint)
        _ = weights.floats("double", [2])
        _ = weights.floats("ids", [1, 4])
        let error = #expect(throws: CheckpointError.self) { try weights.check() }
        #expect(
            error?.problems == [
                .wrongElementType(name: "double", found: .float64), .wrongElementType(name: "ids", found: .signed64),
            ])
    }

    @Test func `files before the archive are refused with what to do`() throws {
        let found = try problems(folder(Self.bytes("legacy.bin")))
        #expect(
            found == [
                "pytorch_model.bin: The file has the form that PyTorch wrote before version 1.6; load it with PyTorch and save "
                    + "its tensors as model.safetensors (safetensors.torch.save_file)."
            ])
        #expect(try problems(folder(Array("{}".utf8))).first?.contains("no zip archive") == true)
        #expect(try problems(folder([])).first?.contains("no zip archive") == true)
    }

    @Test func `tensors of the other byte order are refused`() throws {
        #expect(try problems(folder(Self.bytes("big.bin"))).first?.contains("byte order \"big\"") == true)
    }

    @Test func `safetensors are read where both are there`() throws {
        let folder = try folder([1, 2, 3])
        try folder.write("model.safetensors", Self.bytes("protocol4.safetensors"))
        #expect(try Checkpoint.open(folder.path).fileNames == ["model.safetensors"])
    }

    @Test func `tensors of several files are found by the index`() throws {
        let folder = try TinyModel.folder()
        folder.remove("model.safetensors")
        try folder.write("pytorch_model-1.bin", Self.bytes("protocol4.bin"))
        try folder.write("pytorch_model-2.bin", Self.bytes("module.bin"))
        var map = ["a": "pytorch_model-1.bin", "b": "pytorch_model-1.bin"]
        for name in [
            "0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked",
        ] {
            map[name] = "pytorch_model-2.bin"
        }
        func write() throws {
            let entries = map.map { "\"\($0.key)\": \"\($0.value)\"" }.joined(separator: ", ")
            try folder.write("pytorch_model.bin.index.json", "{\"weight_map\": {\(entries)}}")
        }
        try write()
        let checkpoint = try Checkpoint.open(folder.path)
        #expect(checkpoint.tensorNames == map.keys.sorted())
        #expect(checkpoint.fileNames == ["pytorch_model-1.bin", "pytorch_model-2.bin"])
        map["a"] = "other.safetensors"
        try write()
        #expect(problems(folder).first?.contains("is not the name of a file in the same folder") == true)
    }

    @Test func `the digest covers the file`() throws {
        var file = try Self.bytes("views.bin")
        let folder = try folder(file)
        let before = try Checkpoint.open(folder.path).digest
        // -0.75, the first element of `plain`.
        let place = try #require(file.firstRange(of: [0, 0, 0x40, 0xBF])?.lowerBound)
        file[place] = 1
        try folder.write("pytorch_model.bin", file)
        #expect(try Checkpoint.open(folder.path).digest != before)
    }
}
