import Checkpoint
import Testing

@testable import Tasks

@Suite struct GenerationOptionsTests {
    private func problem(_ options: GenerationOptions) -> String? {
        do throws(TaskError) {
            try options.validate(longest: 64, GenerationConfiguration())
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `the defaults are valid`() throws {
        try GenerationOptions().validate(longest: 64, GenerationConfiguration())
    }

    @Test func `values at the ends of their ranges are valid`() {
        #expect(problem(GenerationOptions(beams: 1)) == nil)
        #expect(problem(GenerationOptions(beams: 8, candidates: 8)) == nil)
        #expect(problem(GenerationOptions(maxTokens: 1)) == nil)
        #expect(problem(GenerationOptions(maxTokens: 64)) == nil)
        #expect(problem(GenerationOptions(candidates: 8, temperature: 10)) == nil)
        #expect(problem(GenerationOptions(candidates: 8, topP: 1)) == nil)
        #expect(problem(GenerationOptions(topP: 1e-9)) == nil)
    }

    @Test func `a value outside its range is named with the range`() {
        #expect(problem(GenerationOptions(beams: 0)) == "beams is 0, but must be from 1 to 8.")
        #expect(problem(GenerationOptions(beams: 9)) == "beams is 9, but must be from 1 to 8.")
        #expect(problem(GenerationOptions(maxTokens: 65)) == "max_tokens is 65, but must be from 1 to 64.")
        #expect(problem(GenerationOptions(candidates: 0)) == "candidates is 0, but must be from 1 to 8.")
        #expect(
            problem(GenerationOptions(temperature: -0.5)) == "temperature is -0.5, but must be a number from 0 to 10.")
        #expect(
            problem(GenerationOptions(temperature: .nan)) == "temperature is nan, but must be a number from 0 to 10.")
        #expect(problem(GenerationOptions(topP: 0)) == "top_p is 0.0, but must be above 0 and at most 1.")
        #expect(problem(GenerationOptions(topP: .nan)) == "top_p is nan, but must be above 0 and at most 1.")
    }

    @Test func `more candidates than the search can find are refused`() {
        #expect(
            problem(GenerationOptions(beams: 3, candidates: 4))?.hasPrefix("candidates is 4, but must be at most")
                == true)
        #expect(problem(GenerationOptions(beams: 1, candidates: 2))?.hasPrefix("candidates is 2, but greedy") == true)
        #expect(
            problem(GenerationOptions(candidates: 2, temperature: 0))?.hasPrefix("candidates is 2, but greedy") == true)
    }

    @Test func `only one caption whose tokens stay can be streamed`() {
        #expect(GenerationOptions(beams: 1).isStreamable)
        #expect(GenerationOptions(temperature: 1).isStreamable)
        #expect(!GenerationOptions(beams: 3).isStreamable)
        #expect(!GenerationOptions(candidates: 2, temperature: 1).isStreamable)
    }
}

@Suite struct CaptionVocabularyTests {
    private let vocabulary: CaptionVocabulary

    init() throws {
        vocabulary = try TinyModel().vocabulary
    }

    private func tokens(_ pieces: String...) -> [Int32] {
        pieces.map { piece in Int32(vocabulary.pieces.firstIndex(of: piece) ?? -1) }
    }

    @Test func `pieces are joined by blanks and continuations glued`() {
        #expect(vocabulary.text(of: tokens("two", "dog", "##s", "jump", "##ing")) == "two dogs jumping")
        #expect(vocabulary.text(of: tokens("##s", "run")) == "s run")
        #expect(vocabulary.text(of: []).isEmpty)
    }

    @Test func `begin and end have no text`() {
        #expect(vocabulary.text(of: [0] + tokens("dog") + [1]) == "dog")
    }

    @Test func `a prompt becomes tokens as the tokenizer cuts it`() throws {
        #expect(
            try vocabulary.tokens(ofPrompt: "Two DOGS jumping", limit: 15)
                == tokens("two", "dog", "##s", "jump", "##ing"))
    }

    @Test(arguments: ["", "  ", "\n\t"]) func `a prompt without words forces nothing`(prompt: String) throws {
        #expect(try vocabulary.tokens(ofPrompt: prompt, limit: 15).isEmpty)
    }

    @Test(arguments: [
        ("a dog swimming", "swimming"), ("a zebra", "zebra"), ("dogs [SEP] man", "[SEP]"), ("[CLS]", "[CLS]"),
        ("a [PAD]", "[PAD]"), ("dog, man", "dog,"), ("犬 dog", "犬"),
    ]) func `a word that captions are not written with is named`(prompt: String, word: String) {
        #expect(throws: TaskError.unknownPromptWord(word)) { try vocabulary.tokens(ofPrompt: prompt, limit: 15) }
    }

    @Test func `a word that goes on and on is named by its beginning`() {
        #expect(throws: TaskError.unknownPromptWord(String(repeating: "x", count: 40) + "…")) {
            try vocabulary.tokens(ofPrompt: "a " + String(repeating: "x", count: 50_000), limit: 15)
        }
    }

    @Test func `a prompt that is too long is said to be so, whatever its words`() {
        #expect(throws: TaskError.promptTooLong(tokens: 16, limit: 15)) {
            try vocabulary.tokens(ofPrompt: String(repeating: "zebra ", count: 16), limit: 15)
        }
    }
}
