import Checkpoint
import Glibc
import Tokenizer

/// Everything that is wrong with a model's folder: each part is looked at, whatever is wrong with the others.
enum ModelSurvey {
    /// The problems, those of `config.json` first.
    static func problems(of folder: Checkpoint) -> [CheckpointProblem] {
        let parts = SensoriumParts(folder)
        let configuration = parts.reading
        return parts.problems
            + (configuration?.headProblems ?? []).map { .part("config.json: \($0).") }
            + folder.tensorProblems(configuration.map { configuration in { _ = ModelNetworks($0, configuration) } })
            + tokenizerProblems(folder.directory, configuration)
    }

    private static func tokenizerProblems(
        _ directory: String, _ configuration: SensoriumConfiguration?
    ) -> [CheckpointProblem] {
        let file = directory + "/tokenizer.json"
        // Without a configuration nobody knows whether there has to be one.
        let isLookedAt =
            configuration.map { $0.towers.text != nil || $0.heads.caption != nil } ?? (access(file, F_OK) == 0)
        guard isLookedAt else { return [] }
        do {
            let tokenizer = try Tokenizer(contentsOf: file)
            try configuration?.check(tokenizer)
            if let caption = configuration?.heads.caption {
                _ = try CaptionVocabulary(
                    caption.vocabulary, beginToken: caption.beginToken, endToken: caption.endToken,
                    tokenizer: tokenizer)
            }
            return []
        } catch TaskError.inconsistentModel(let problem) {
            return [.part(problem + ".")]
        } catch {
            return [.part("\(error)")]
        }
    }
}
