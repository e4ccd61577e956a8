import Checkpoint
import Networks
import Tokenizer

/// What `config.json` may say and this build cannot compute, and what the tokenizer must have for it: found at load, so
/// that no request meets it.
extension SensoriumConfiguration {
    /// Throws `TaskError.inconsistentModel` for towers and heads that this build cannot compute.
    func checkHeads() throws(TaskError) {
        if let problem = headProblems.first { throw .inconsistentModel(problem) }
    }

    /// What of towers and heads this build cannot compute, each for the end of a sentence.
    var headProblems: [String] {
        var problems: [String] = []
        for (name, tower) in towers {
            switch tower {
            case .image(let image):
                let said = [image.imageSize, image.tokens, image.channels]
                if said != EfficientNetLite.dimensions {
                    problems.append(
                        "towers.\(name) says image_size, tokens and channels of \(said), but those of "
                            + "\(ImageTower.type) are \(EfficientNetLite.dimensions)")
                }
            case .text(let text):
                note("towers.\(name).num_attention_heads", text.hiddenSize, text.attentionHeads, &problems)
            case .audio(let audio):
                note("towers.\(name).attention_heads", audio.hiddenSize, audio.attentionHeads, &problems)
                if audio.windowSamples % audio.sampleRate != 0 {
                    problems.append(
                        "towers.\(name).max_positions of \(audio.maxPositions) makes windows of "
                            + "\(audio.windowSamples) samples, which are not whole seconds")
                }
            case .imageBranch, .textBranch, .face, .features, .faceFinder, .textFinder, .textReader: break
            }
        }
        for (name, head) in heads {
            let key = "heads.\(name).attention_heads"
            switch head {
            case .caption(let head): note(key, width, head.attentionHeads, &problems)
            case .classifier(let head): note(key, head.shape.width, head.shape.attentionHeads, &problems)
            case .projection(let head): note(key, head.shape.width, head.shape.attentionHeads, &problems)
            case .linear: break
            }
        }
        return problems
    }

    private func note(_ key: String, _ width: Int, _ heads: Int, _ problems: inout [String]) {
        guard width / heads % 4 != 0 else { return }
        problems.append(
            "\(key) of \(heads) makes heads \(width / heads) wide, and this build computes multiples of 4")
    }

    /// Throws `TaskError.inconsistentModel` for a tokenizer whose ids the text tower has no embeddings for.
    func check(_ tokenizer: Tokenizer) throws(TaskError) {
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
