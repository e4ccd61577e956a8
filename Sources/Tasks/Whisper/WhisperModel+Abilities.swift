import Checkpoint

extension WhisperModel: GeneratingModel {
    /// What it is and can do.
    public var card: ModelCard {
        var card = ModelCard(identity, tasks: ["transcribe"])
        card.transcribedInput = input
        return card
    }

    /// Begins transcripts; texts of other kinds it does not write.
    public func start(
        _ requests: [GenerationRequest], pause: () -> Void
    ) -> [Result<Transcription, any Error>] {
        requests.map { request in
            Result {
                guard case .transcript(of: .sound(let sound), let options) = request else {
                    throw TaskError.taskNotAvailable("caption", model: identity.name)
                }
                return try start(sound, options)
            }
        }
    }

    /// How far a transcript is.
    public func progress(of transcription: Transcription) -> GenerationProgress {
        GenerationProgress(
            newText: newText(of: transcription),
            result: transcription.isFinished ? .transcript(transcript(of: transcription)) : nil)
    }
}
