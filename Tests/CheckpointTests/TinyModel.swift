/// Small files of a checkpoint.
enum TinyModel {
    static let configuration = """
        {"model_type": "sensorium", "name": "tiny", "width": 8,
         "towers": {"text": {"type": "bert", "vocab_size": 100, "hidden_size": 8, "num_hidden_layers": 1,
           "num_attention_heads": 2, "intermediate_size": 16, "max_position_embeddings": 16, "type_vocab_size": 2,
           "layer_norm_eps": 1e-12, "max_tokens": 12, "pooling": "mean"}},
         "heads": {}}
        """
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
