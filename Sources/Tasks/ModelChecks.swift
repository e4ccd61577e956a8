import Checkpoint
import Tokenizer

/// What `config.json` may say and this build cannot compute, and what the tokenizer must have for it: found at load, so
/// that no request meets it.
extension SensoriumConfiguration {
    /// Throws `TaskError.inconsistentModel` for attention heads of a width that there is no kernel for.
    func checkHeads() throws(TaskError) {
        if let text = towers.text {
            try checkHead("towers.text.num_attention_heads", width: text.hiddenSize, heads: text.attentionHeads)
        }
        if let caption = heads.caption {
            try checkHead("heads.caption.attention_heads", width: width, heads: caption.attentionHeads)
        }
    }

    private func checkHead(_ key: String, width: Int, heads: Int) throws(TaskError) {
        guard [32, 64].contains(width / heads) else {
            throw .inconsistentModel(
                "\(key) of \(heads) makes heads \(width / heads) wide, and this build computes heads 32 or 64 wide")
        }
    }

    /// Throws `TaskError.inconsistentModel` for a tokenizer whose ids the text tower has no embeddings for.
    func check(_ tokenizer: WordPieceTokenizer) throws(TaskError) {
        guard let text = towers.text else { return }
        guard tokenizer.vocabularySize <= text.vocabularySize else {
            throw .inconsistentModel(
                "tokenizer.json has ids up to \(tokenizer.vocabularySize - 1), but towers.text.vocab_size is "
                    + "\(text.vocabularySize)")
        }
        guard !tokenizer.encode("", maxTokens: text.maxTokens).ids.isEmpty else {
            throw .inconsistentModel("tokenizer.json puts no special tokens around a text, so an empty one has none")
        }
    }
}
