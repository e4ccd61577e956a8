import JSON

/// A CLAP (Wu et al. 2023): sounds and texts in one space, as transformers saves `ClapModel`. What a file leaves out is what transformers
/// 5.24 takes for it.
public struct CLAPConfiguration: Sendable, Equatable {
    /// The value of `model_type`.
    public static let modelType = "clap"

    /// The audio tower.
    public let audio: HTSATShape
    /// The text tower, a RoBERTa.
    public let text: TextEncoder
    /// Numbers of a vector of the space.
    public let projectionSize: Int
    /// What stands between the two maps to the space.
    public let projectionActivation: HiddenActivation
    /// How clips are prepared.
    public let sounds: SoundCropConfiguration

    /// Reads the files of a folder. The error lists all that is wrong with them.
    public init(_ folder: Checkpoint) throws(CheckpointError) {
        var files = PublishedFiles(folder)
        guard var reader = files.reader("config.json", isRequired: true) else {
            throw CheckpointError(directory: folder.directory, problems: files.problems + folder.problems)
        }
        audio = reader.part("audio_config") { HTSATShape(&$0) }
        var limit: Int?
        if let file = folder.file("tokenizer_config.json", &files.problems) {
            // Of a tokenizer without a limit a number of thirty digits.
            let most = try? file.optionalMember("model_max_length")?.number()
            limit = most.flatMap { $0 >= 3 && $0 <= 1e6 ? Int($0) : nil }
        }
        text = reader.part("text_config") {
            TextEncoder(.roberta, published: &$0, limit: limit, standard: (positions: 514, types: 1))
        }
        projectionSize = reader.integer("projection_dim", in: 1...16_384, orElse: 512)
        projectionActivation = reader.activation("projection_hidden_act", orElse: .relu)
        files.problems += reader.problems
        sounds = SoundCropConfiguration(&files, bins: audio.bins, fuses: audio.fuses, frames: audio.imageFrames)
        files.problems += folder.problems
        guard files.problems.isEmpty else {
            throw CheckpointError(directory: folder.directory, problems: files.problems)
        }
    }
}
