import Checkpoint
import Foundation
import Testing
import Tokenizer

@testable import Tasks

/// Checkpoints that are not what they should be, and ones that have only a part of what there can be: made from the tiny
/// one.
@Suite struct ModelLoadingTests {
    /// The tiny checkpoint in a folder of its own, with files changed, for as long as `body` runs.
    private func withModel<Result>(
        keeping isKept: (String) -> Bool = { _ in true }, config: (inout [String: Any]) -> Void = { _ in },
        tokenizer: (inout [String: Any]) -> Void = { _ in }, _ body: (String) throws -> Result
    ) throws -> Result {
        let tiny = TinyModel.folder.appending(path: "tiny")
        let folder = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID())")
        try FileManager.default.copyItem(at: tiny, to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        try rewrite(folder.appending(path: "config.json"), config)
        try rewrite(folder.appending(path: "tokenizer.json"), tokenizer)
        let tensors = try Checkpoint.open(tiny.path).tensors.filter { isKept($0.name) }
        try safetensors(tensors).write(to: folder.appending(path: "model.safetensors"))
        return try body(folder.path)
    }

    private func rewrite(_ file: URL, _ change: (inout [String: Any]) -> Void) throws {
        var object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any] ?? [:]
        change(&object)
        try JSONSerialization.data(withJSONObject: object).write(to: file)
    }

    private func safetensors(_ tensors: [StoredTensor]) throws -> Data {
        var header: [String: Any] = [:]
        var data = Data()
        for tensor in tensors {
            header[tensor.name] = [
                "dtype": tensor.elementType.rawValue, "shape": tensor.shape,
                "data_offsets": [data.count, data.count + tensor.bytes.count],
            ]
            data.append(contentsOf: tensor.bytes)
        }
        let json = try JSONSerialization.data(withJSONObject: header)
        return withUnsafeBytes(of: UInt64(json.count).littleEndian) { Data($0) } + json + data
    }

    private func withoutImages(_ config: inout [String: Any]) {
        config["heads"] = [String: Any]()
        var towers = config["towers"] as? [String: Any]
        towers?["image"] = nil
        config["towers"] = towers
    }

    private func change(_ path: [String], to value: Any, in object: inout [String: Any]) {
        var inner = object[path[0]] as? [String: Any] ?? [:]
        if path.count == 2 { inner[path[1]] = value } else { change(Array(path.dropFirst()), to: value, in: &inner) }
        object[path[0]] = inner
    }

    private func problem(
        config: (inout [String: Any]) -> Void = { _ in },
        tokenizer: (inout [String: Any]) -> Void = { _ in }, keeping isKept: (String) -> Bool = { _ in true }
    ) throws -> String {
        try withModel(keeping: isKept, config: config, tokenizer: tokenizer) { folder in
            do {
                _ = try LoadedModel.load(folder, threads: 1)
                return "none"
            } catch {
                return "\(error)"
            }
        }
    }

    @Test func `a folder that is no checkpoint is refused with a reason`() {
        #expect(throws: CheckpointError.self) { try LoadedModel.load("/nonexistent", threads: 1) }
    }

    @Test func `a checkpoint that lacks tensors is refused with their names`() throws {
        #expect(try problem().contains("image.head.weight"))
    }

    @Test func `a checkpoint of the text tower alone embeds texts and says that it cannot caption`() throws {
        try withModel(keeping: { $0.hasPrefix("text.") }, config: withoutImages) { folder in
            let model = try LoadedModel.load(folder, threads: 1)
            #expect(model.tasks == ["embed"])
            #expect(model.preprocessor == nil && model.imageDimensions == nil && model.captionTokenLimit == nil)
            #expect(model.textDimensions == 64 && model.textTokenLimit == 24)
            #expect(model.encodeImages([[]]).isEmpty)
            #expect(throws: TaskError.taskNotAvailable("caption", model: "tiny")) {
                try model.validate(GenerationOptions())
            }
            let encoding = try #require(model.textPreparation).encode("two dogs run")
            let empty = try #require(model.textPreparation).encode("")
            let embeddings = model.embedTexts([encoding, empty])
            #expect(embeddings.map(\.count) == [64, 64])
            #expect(embeddings[0] == model.embedTexts([encoding])[0])
            #expect(!embeddings.joined().contains { !$0.isFinite })
        }
    }

    @Test func `a checkpoint whose tensors PyTorch wrote answers as with safetensors`() throws {
        let torch = TinyModel.folder.deletingLastPathComponent().appending(path: "torch/sensorium")
        let folder = FileManager.default.temporaryDirectory.appending(path: "sensorium-\(UUID())")
        try FileManager.default.copyItem(at: torch, to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.copyItem(
            at: TinyModel.folder.appending(path: "tiny/tokenizer.json"), to: folder.appending(path: "tokenizer.json"))
        func embeddings() throws -> (model: LoadedModel, [[Float]]) {
            let model = try LoadedModel.load(folder.path, threads: 1)
            return (
                model,
                model.embedTexts([
                    try #require(model.textPreparation).encode("two dogs run"),
                    try #require(model.textPreparation).encode(""),
                ])
            )
        }
        let (model, vectors) = try embeddings()
        #expect(model.tasks == ["embed"] && vectors.map(\.count) == [32, 32] && vectors[0] != vectors[1])

        // The same tensors as safetensors, which are then read instead.
        let tensors = try Checkpoint.open(folder.path).tensors
        try safetensors(tensors).write(to: folder.appending(path: "model.safetensors"))
        let (same, expected) = try embeddings()
        #expect(vectors == expected && model.digest != same.digest && model.parameters == same.parameters)

        // Spoiled, it is refused with a reason.
        try FileManager.default.removeItem(at: folder.appending(path: "model.safetensors"))
        let file = folder.appending(path: "pytorch_model.bin")
        try Data(contentsOf: file).dropLast(100).write(to: file)
        let error = #expect(throws: CheckpointError.self) { try LoadedModel.load(folder.path, threads: 1) }
        #expect(error?.description.contains("pytorch_model.bin: The archive has no end; the file is cut.") == true)
    }

    @Test func `a text beyond the model's limit is cut, not refused`() throws {
        try withModel(keeping: { $0.hasPrefix("text.") }, config: withoutImages) { folder in
            let model = try LoadedModel.load(folder, threads: 1)
            let long = try #require(model.textPreparation).encode(String(repeating: "dog ", count: 500))
            #expect(long.truncated && long.ids.count == 24 && long.totalTokens == 502)
            #expect(model.embedTexts([long])[0].count == 64)
        }
    }

    @Test func `heads of a width without a kernel are refused`() throws {
        #expect(
            try problem(config: { change(["towers", "text", "num_attention_heads"], to: 32, in: &$0) })
                .contains("towers.text.num_attention_heads of 32 makes heads 2 wide"))
        #expect(
            try problem(config: { change(["heads", "caption", "attention_heads"], to: 32, in: &$0) })
                .contains("heads.caption.attention_heads of 32 makes heads 2 wide"))
    }

    @Test func `every fault is named, wherever it is`() throws {
        let found = try problem(
            config: {
                change(["towers", "text", "num_attention_heads"], to: 32, in: &$0)
                change(["heads", "caption", "attention_heads"], to: 32, in: &$0)
            }, tokenizer: { $0["model"] = [String: Any]() })
        for words in [
            "towers.text.num_attention_heads of 32", "heads.caption.attention_heads of 32", "image.head.weight",
            "tokenizer.json",
        ] {
            #expect(found.contains(words), "\(found)")
        }
    }

    @Test func `a tokenizer with more pieces than the text tower has embeddings is refused`() throws {
        let found = try problem(
            config: withoutImages,
            tokenizer: { tokenizer in
                var model = tokenizer["model"] as? [String: Any] ?? [:]
                var vocabulary = model["vocab"] as? [String: Any] ?? [:]
                vocabulary["extra"] = vocabulary.count
                model["vocab"] = vocabulary
                tokenizer["model"] = model
            }, keeping: { $0.hasPrefix("text.") })
        #expect(found.contains("tokenizer.json has ids up to"), "\(found)")
    }

    @Test func `a caption vocabulary with a piece that the tokenizer lacks is refused`() throws {
        let tokenizer = try Tokenizer(contentsOf: TinyModel.folder.appending(path: "tiny/tokenizer.json").path)
        #expect(throws: TaskError.self) {
            try CaptionVocabulary([2, 3, 999], beginToken: 0, endToken: 1, tokenizer: tokenizer)
        }
    }
}
