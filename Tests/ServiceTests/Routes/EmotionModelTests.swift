import JSON
import Testing

@testable import Service
@testable import Tasks

/// Published classifiers of one part each, whose labels stand for emotions.
@Suite struct `Emotion of several models` {
    private static let audio = PartSpec(
        part: "audio", tower: "audio",
        .sound(SoundPreparation(sampleRate: 16_000, melBins: 80, windowSeconds: 30, tokenNumbers: 1)))

    private let words = FakeJudge("words", takes: FakeModel.text, says: [("JOY", 0.25), ("Sadness", 0.75)])
    private let voice = FakeJudge(
        "voice", takes: Self.audio, says: [("ang", 0.125), ("hap", 0.375), ("sad", 0.5)])

    private func harness(_ models: any Model...) throws -> Harness {
        let harness = try Harness(isReady: false)
        try harness.service.serve(models)
        return harness
    }

    private func ask(_ harness: Harness, _ fields: [(String, String)], sound: Bool = true, query: String = "") -> Answer
    {
        harness.send(
            form: "/v1/emotion" + query,
            Form(fields, image: nil, files: sound ? [("audio", Photo.file("audio/voice.flac"))] : []))
    }

    @Test func `a head whose labels are emotions answers in their words`() throws {
        let answer = ask(try harness(words), [("text", "oh no")], sound: false)
        #expect(answer.string("emotion") == "Sadness", "\(answer.text)")
        #expect(answer.text.contains(#""scores":{"JOY":0.25,"Sadness":0.75}"#))
    }

    @Test func `labels of other kinds are no emotions`() {
        #expect(EmotionLabels.areEmotions(["angry", "HAPPY", "neu"]))
        #expect(!EmotionLabels.areEmotions(["good", "bad"]) && !EmotionLabels.areEmotions(["LABEL_0", "LABEL_1"]))
        #expect(!EmotionLabels.areEmotions(["joy", "happy"]), "there is nothing to choose")
        #expect(!EmotionLabels.areEmotions(["joy", "sadness", "spam"]))
    }

    @Test func `what no model judges alone, several judge together, and each says what it weighed`() throws {
        let answer = ask(try harness(words, voice), [("text", "oh no")])
        #expect(answer.string("emotion") == "sadness", "\(answer.text)")
        #expect(answer.text.contains(#""scores":{"anger":0.0625,"joy":0.3125,"sadness":0.625}"#))
        #expect(answer.value("modalities", "text", "model") == .string("words"))
        #expect(answer.value("modalities", "text", "emotion") == .string("Sadness"))
        #expect(answer.value("modalities", "audio", "model") == .string("voice"))
        #expect(answer.value("modalities", "audio", "emotion") == .string("sad"))
        for part in ["text", "audio"] { #expect(answer.value("modalities", part, "weight") == .number(0.5)) }
    }

    @Test func `a part by itself is judged by the model that takes it`() throws {
        let answer = ask(try harness(words, voice), [])
        #expect(answer.string("model") == "voice" && answer.string("emotion") == "sad", "\(answer.text)")
        #expect(answer.value("modalities", "audio", "model") == nil)
    }

    @Test func `a model that is named judges alone`() throws {
        let harness = try harness(words, voice)
        let refused = ask(harness, [("text", "oh no")], query: "?model=voice")
        #expect(refused.status == 422 && refused.detail.contains("the emotion head of voice does not know"))
        let named = ask(harness, [("text", "oh no"), ("model", "voice")])
        #expect(named.status == 422 && named.detail.contains("\"text\""), "\(named.text)")
    }

    @Test func `what is said is judged by who reads words`() throws {
        let answer = ask(try harness(voice, words, FakeWriter()), [])
        #expect(answer.value("inputs", "text", "text") == .string("that is so sad"), "\(answer.text)")
        #expect(answer.value("modalities", "text", "model") == .string("words"))
        #expect(answer.string("model") == "voice")
    }

    @Test func `a part that nobody judges is refused with the names of all`() throws {
        let answer = withPhoto(try harness(words, voice))
        #expect(
            answer.status == 422 && answer.detail.contains("/v1/emotion of \"words\" and \"voice\""), "\(answer.text)")
    }

    private func withPhoto(_ harness: Harness) -> Answer { harness.send(form: "/v1/emotion", Form([("text", "a")])) }
}
