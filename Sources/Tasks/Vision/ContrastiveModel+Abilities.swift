extension ContrastiveModel: DualEncoder, ZeroShotModel {
    /// What it is and can do.
    public var card: ModelCard {
        var card = ModelCard(identity, tasks: ["zero-shot", "embed"])
        card.imageDimensions = dimensions
        card.textDimensions = dimensions
        card.space = space
        card.zeroShot = ModelCard.ZeroShotInput(
            input: media, text: textPreparation, isExclusive: fit.isExclusive)
        return card
    }

    /// The scores of each question's texts: one pass of the image tower over all pictures, one of the text tower for each question.
    public func scores(_ questions: [ZeroShotQuestion], pause: () -> Void) -> [Result<[Float], any Error>] {
        let pictures = questions.compactMap { values($0.input) }
        guard pictures.count == questions.count else {
            return questions.map { _ in .failure(TaskError.taskNotAvailable("zero-shot", model: identity.name)) }
        }
        return zip(encode(media: pictures, pause: pause), questions).map { picture, question in
            .success(scores(picture: picture, texts: encode(texts: question.texts, pause: pause)))
        }
    }
}
