import JSON

extension SensoriumConfiguration {
    /// Reads `config.json`, or lists what is wrong with it.
    static func read(_ root: JSONCursor) -> Result<SensoriumConfiguration, ConfigurationProblems> {
        var reader = ConfigurationReader(file: "config.json", root)
        // A model of another type has other keys, and naming those as missing would hide the one cause.
        _ = reader.string("model_type", oneOf: [modelType])
        if !reader.problems.isEmpty { return .failure(ConfigurationProblems(list: reader.problems)) }
        let configuration = SensoriumConfiguration(
            name: reader.string("name"),
            width: reader.integer("width", in: 1...16384),
            towers: reader.object("towers") { towers in
                towers.refuseKeys(except: ["image", "text"])
                return Towers(
                    image: towers.optionalObject("image", ImageTower.init(reading:)),
                    text: towers.optionalObject("text", TextTower.init(reading:)))
            },
            heads: reader.object("heads") { heads in
                heads.refuseKeys(except: ["caption"])
                return Heads(caption: heads.optionalObject("caption", CaptionHead.init(reading:)))
            })
        configuration.checkTogether(&reader)
        return reader.problems.isEmpty
            ? .success(configuration) : .failure(ConfigurationProblems(list: reader.problems))
    }

    private func checkTogether(_ reader: inout ConfigurationReader) {
        guard let caption = heads.caption else { return }
        reader.demand(
            width % caption.attentionHeads == 0, "width", width, fits: "heads.caption.attention_heads",
            caption.attentionHeads)
        reader.demand(towers.image != nil, "heads.caption", "present", fits: "towers.image", "missing")
        if let text = towers.text, let largest = caption.vocabulary.max() {
            reader.demand(
                largest < text.vocabularySize, "heads.caption.vocabulary", "an array with the id \(largest)",
                fits: "towers.text.vocab_size", text.vocabularySize)
        }
    }
}

/// The problems of one configuration file.
struct ConfigurationProblems: Error {
    let list: [CheckpointProblem]
}

extension SensoriumConfiguration.ImageTower {
    fileprivate init(reading reader: inout ConfigurationReader) {
        type = reader.string("type", oneOf: Self.types)
        imageSize = reader.integer("image_size", in: 32...4096)
        tokens = reader.integer("tokens", in: 1...16384)
        channels = reader.integer("channels", in: 1...16384)
    }
}

extension SensoriumConfiguration.TextTower {
    fileprivate init(reading reader: inout ConfigurationReader) {
        type = reader.string("type", oneOf: Self.types)
        vocabularySize = reader.integer("vocab_size", in: 1...10_000_000)
        hiddenSize = reader.integer("hidden_size", in: 1...16384)
        layers = reader.integer("num_hidden_layers", in: 1...256)
        attentionHeads = reader.integer("num_attention_heads", in: 1...1024)
        intermediateSize = reader.integer("intermediate_size", in: 1...65536)
        maxPositions = reader.integer("max_position_embeddings", in: 3...1_000_000)
        typeVocabularySize = reader.integer("type_vocab_size", in: 1...1024)
        layerNormEpsilon = reader.epsilon("layer_norm_eps")
        maxTokens = reader.integer("max_tokens", in: 3...1_000_000)
        pooling = reader.string("pooling", oneOf: ["mean"])
        reader.demand(
            hiddenSize % attentionHeads == 0, "hidden_size", hiddenSize,
            fits: reader.path("num_attention_heads"), attentionHeads)
        reader.demand(
            maxTokens <= maxPositions, "max_tokens", maxTokens,
            fits: reader.path("max_position_embeddings"), maxPositions)
    }
}

extension SensoriumConfiguration.CaptionHead {
    fileprivate init(reading reader: inout ConfigurationReader) {
        type = reader.string("type", oneOf: Self.types)
        imageLayers = reader.integer("image_layers", in: 0...256)
        layers = reader.integer("layers", in: 1...256)
        attentionHeads = reader.integer("attention_heads", in: 1...1024)
        feedForward = reader.integer("feed_forward", in: 1...65536)
        layerNormEpsilon = reader.epsilon("layer_norm_eps")
        maxTokens = reader.integer("max_tokens", in: 1...65536)
        beginToken = reader.integer("bos_token", in: 0 ... .max)
        endToken = reader.integer("eos_token", in: 0 ... .max)
        vocabulary = reader.integers("vocabulary", in: 0...Int(Int32.max))
        let count = vocabulary.count
        let vocabularyPath = reader.path("vocabulary")
        for (key, token) in [("bos_token", beginToken), ("eos_token", endToken)] {
            reader.demand(token < count, key, token, fits: vocabularyPath, "an array of \(count)")
        }
        reader.demand(beginToken != endToken, "bos_token", beginToken, fits: reader.path("eos_token"), endToken)
        let distinct = Set(vocabulary).count
        reader.demand(
            distinct == count, "vocabulary", "an array of \(count)", fits: "its number of distinct ids", distinct)
    }
}
