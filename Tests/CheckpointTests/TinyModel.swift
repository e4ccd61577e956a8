/// Small files of a checkpoint.
enum TinyModel {
    /// A text tower alone.
    static let configuration = """
        {"model_type": "sensorium", "name": "tiny", "width": 8, "towers": {"text": \(text)}, "heads": {}}
        """

    /// Both towers and the caption head.
    static let full = """
        {"model_type": "sensorium", "name": "tiny", "width": 8,
         "towers": {"image": {"type": "efficientnet_lite2", "image_size": 64, "tokens": 4, "channels": 12}, "text": \(text)},
         "heads": {"caption": {"type": "decoder", "image_layers": 1, "layers": 1, "attention_heads": 2, "feed_forward": 16,
           "layer_norm_eps": 1e-5, "max_tokens": 6, "bos_token": 0, "eos_token": 1, "vocabulary": [5, 6, 40, 99]}}}
        """

    static let preprocessor = """
        {"image_processor_type": "SensoriumImageProcessor", "size": {"height": 64, "width": 64}, "resample": 3,
         "do_rescale": false, "image_mean": [127, 127, 127], "image_std": [128, 128, 128.5]}
        """

    private static let text = """
        {"type": "bert", "vocab_size": 100, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2,
          "intermediate_size": 16, "max_position_embeddings": 16, "type_vocab_size": 2, "layer_norm_eps": 1e-12,
          "max_tokens": 12, "pooling": "mean"}
        """

    /// A folder with all files of the full model and these tensors.
    static func folder(
        configuration: String = full, preprocessor: String = preprocessor,
        tensors: [(name: String, type: String, shape: [Int], bytes: [UInt8])] = []
    ) throws -> CheckpointFolder {
        let folder = try CheckpointFolder()
        try folder.write("config.json", configuration)
        try folder.write("preprocessor_config.json", preprocessor)
        try folder.write("model.safetensors", Safetensors.file(tensors))
        return folder
    }
}

/// Writes safetensors.
enum Safetensors {
    /// A file of tensors with name, element type, shape and bytes.
    static func file(_ tensors: [(name: String, type: String, shape: [Int], bytes: [UInt8])]) -> [UInt8] {
        var entries: [String] = []
        var offset = 0
        for tensor in tensors {
            entries.append(
                """
                "\(tensor.name)":{"dtype":"\(tensor.type)","shape":\(tensor.shape),\
                "data_offsets":[\(offset),\(offset + tensor.bytes.count)]}
                """)
            offset += tensor.bytes.count
        }
        return file(header: "{\(entries.joined(separator: ","))}", data: tensors.flatMap(\.bytes))
    }

    /// A file with this header, whatever it says.
    static func file(header: String, data: [UInt8] = []) -> [UInt8] {
        let header = Array(header.utf8)
        return withUnsafeBytes(of: UInt64(header.count).littleEndian, Array.init) + header + data
    }
}

extension String {
    /// The text with the first `old` replaced, which is there.
    func replacing(_ old: String, with new: String) -> String {
        guard let range = firstRange(of: old) else { preconditionFailure("\(old) is not in the text") }
        return replacingCharacters(in: range, with: new)
    }

    private func replacingCharacters(in range: Range<Index>, with new: String) -> String {
        self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}
