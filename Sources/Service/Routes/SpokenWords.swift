import Scheduler
import Tasks

/// The words that are said in a request's sound: written down by a model that transcribes, and taken for the text of a head that
/// takes a sound and a text. So they are wherever such a model is served and no text was sent, unless `transcribe=false`.
struct SpokenWords: Sendable {
    /// Where it is not given, they are heard if a served model can.
    static let transcribe = InputOption.boolean("transcribe", usually: true)

    private static let sound = "audio"
    static let text = "text"
    /// Under which name the sound is kept for who writes it down.
    private static let speech = "audio:speech"

    private let textPart: PartSpec
    private let heard: PartSpec
    private let listener: String
    private let models: Registry

    /// Whether a request's sound is heard by a served model, if its words are of use to anybody.
    static func isHeard(_ inputs: RequestInputs, _ models: Registry) throws(Problem) -> Bool {
        guard inputs[transcribe] != false, inputs.hasFile(sound), !inputs.has(part: text) else { return false }
        return models.cards.contains { $0.transcribedInput != nil }
    }

    /// Whether a model's emotion head reads words.
    static func takesWords(_ card: ModelCard) -> Bool {
        card.head(of: "emotion")?.inputs.contains { $0.part == text && $0.kind == .text } == true
    }

    /// - Parameters:
    ///   - heads: of those that judge.
    ///   - isTextMade: whether the text comes from elsewhere already.
    /// - Returns: nil where nothing is to be heard.
    static func wanted(
        _ inputs: RequestInputs, _ heads: [HeadDescription], isTextMade: Bool, _ models: Registry
    ) throws(Problem) -> SpokenWords? {
        let asked = inputs[transcribe]
        guard asked != false, inputs.hasFile(sound), !inputs.has(part: text), !isTextMade else { return nil }
        guard let part = heads.flatMap(\.inputs).first(where: { $0.part == text && $0.kind == .text }) else {
            return try none(asked, "no emotion head here takes a text")
        }
        guard let card = models.cards.first(where: { $0.transcribedInput != nil }), let input = card.transcribedInput
        else { return try none(asked, "no model that transcribes is served; serve one beside with --model") }
        return SpokenWords(
            textPart: part, heard: input.kept(as: speech), listener: card.name, models: models)
    }

    /// Refuses what was asked for and cannot be.
    private static func none(_ asked: Bool?, _ why: String) throws(Problem) -> SpokenWords? {
        guard asked == true else { return nil }
        throw Problem(
            .invalidOption, "The option \"transcribe\" is true, but \(why).",
            members: ["option": .string(transcribe.rule.name)])
    }

    /// What the sound is prepared as, besides.
    var input: PartSpec { heard }

    /// What makes a request more work than another.
    static func effort(_ inputs: RequestInputs) -> String {
        inputs[transcribe] != false && inputs.hasFile(sound) && !inputs.has(part: text) ? " heard" : ""
    }

    /// Has the sound written down, and makes the text of it; without words there is none. Returns how long that took.
    func hear(
        _ taken: inout TakenParts, for head: HeadDescription, explains: Bool, _ request: Request, _ media: MediaIntake
    ) async throws -> Duration {
        guard let sound = taken.inputs.removeValue(forKey: Self.speech),
            case .text(let preparation) = textPart.preparation
        else { return .zero }
        let engine = try await models.engine(listener)
        let start = ContinuousClock.now
        let (output, _) = try await engine.compute(
            .generate(.transcript(of: sound, TranscriptionOptions(timestamps: .none))), for: request.work, onText: nil)
        guard case .generated(.transcript(let transcript)) = output else { throw NoTranscript() }
        var tokens: TokenizedText?
        if !transcript.text.isEmpty {
            tokens = media.takeText(transcript.text, for: textPart.part, preparation, explains, &taken)
        }
        taken.understood.append(
            .words(
                name: textPart.part, from: Self.sound, text: transcript.text, tokens: tokens?.totalTokens ?? 0,
                isTruncated: tokens?.truncated ?? false))
        taken.sort(for: head)
        return start.duration(to: .now)
    }

    /// The engine was asked for a transcript and gave none.
    private struct NoTranscript: Error {}
}
