import Checkpoint
import Networks
import Synchronization

@testable import Tasks

/// A model that writes what it was asked: answers, replies and transcripts, a word a step.
final class FakeWriter: GeneratingModel {
    let card: ModelCard
    /// What is heard in every sound.
    private let speech: String

    init(name: String = "writer", speech: String = "that is so sad") {
        let picture = PicturePreparation(rendition: nil, leastSide: 4) { image, _ in
            [Float(image.width), Float(image.height)]
        }
        let image = PartSpec(part: "image", tower: "image", .image(picture))
        var card = ModelCard(
            name: name, architecture: "fake", digest: "sha256:1", parameters: 7, tasks: ["vqa", "chat", "transcribe"],
            maxCaptionTokens: 100)
        card.answeredInput = image
        card.shownInput = image
        card.transcribedInput = PartSpec(
            part: "audio", tower: "ear",
            .sound(SoundPreparation(sampleRate: 16_000, melBins: 80, wholePaddedTo: 30, workBytes: 0)))
        self.card = card
        self.speech = speech
    }

    final class Text {
        enum Kind { case answer, reply, transcript }
        let kind: Kind
        let words: [String]
        let isEnded: Bool
        var written = 0

        init(_ kind: Kind, _ words: [String], most: Int?) {
            self.kind = kind
            self.words = Array(words.prefix(most ?? .max))
            isEnded = words.count == self.words.count
        }
    }

    func validate(_ options: GenerationOptions) throws { try options.validate(longest: 100, GenerationConfiguration()) }

    func validate(_ options: TranscriptionOptions) throws {}

    func start(_ requests: [GenerationRequest], pause: () -> Void) -> [Result<Text, any Error>] {
        requests.map { request in
            switch request {
            case .caption: .failure(TaskError.taskNotAvailable("caption", model: card.name))
            case .answer(let image, let question, let options):
                .success(Text(.answer, ["\(Self.size(image)):"] + words(question), most: options.maxTokens))
            case .reply(let messages, let options):
                .success(Text(.reply, messages.flatMap(said), most: options.maxTokens))
            case .transcript: .success(Text(.transcript, words(speech), most: nil))
            }
        }
    }

    private func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

    /// Width and height of a picture.
    private static func size(_ image: ModelInput) -> String {
        if case .pixels(let pixels) = image { pixels.map { "\(Int($0))" }.joined(separator: "x") } else { "?" }
    }

    private func said(_ message: ChatMessage) -> [String] {
        [message.role]
            + message.content.flatMap { content in
                switch content {
                case .text(let text): words(text)
                case .image(let image): [Self.size(image)]
                }
            }
    }

    func step(_ generations: [Text]) { for text in generations { text.written += 1 } }

    func progress(of text: Text) -> GenerationProgress {
        guard text.written >= text.words.count else {
            return GenerationProgress(newText: (text.written > 1 ? " " : "") + text.words[text.written - 1])
        }
        let whole = text.words.joined(separator: " ")
        let candidate = TextCandidate(
            text: whole, logProbability: -1, tokens: text.words, ids: Array(text.words.indices), isEnded: text.isEnded)
        let result: GeneratedText =
            switch text.kind {
            case .answer: .answers([candidate])
            case .reply: .reply(candidate, promptTokens: 11)
            case .transcript: .transcript(Transcript(text: whole, language: "en"))
            }
        return GenerationProgress(newText: "", result: result)
    }
}
