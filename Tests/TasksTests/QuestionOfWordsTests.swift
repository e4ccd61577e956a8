import Networks
import Testing

@testable import Tasks

@Suite struct `A question of words` {
    @Test(arguments: [
        "What does the sign say?", "what does it say", "What's written on the bottle?", "what is written here?",
        "whats printed on the shirt",
        "What do the letters spell?", "what does the man's shirt say?", "what does the sign behind the man say?",
        "What does the sign that he is holding say?", "tell me what it says", "Could you tell me what the screen says?",
        "Read the sign.", "Can you read it?", "please read the label", "transcribe this", "what word is on the cake?",
        "which words are on the wall?", "What is the text?", "what are the letters on the plane",
        "what text is in the image?",
        "What is the sign saying?", "what does the red sign read?", "What does this say?",
        "what is the writing on the wall?",
        "WHAT DOES THE T-SHIRT SAY", "what’s the message on the card?", "what words are printed on the mug?",
    ])
    func `asks for what is written`(_ question: String) {
        #expect(QuestionOfWords(question)?.wish == .all)
    }

    @Test(arguments: [
        "What number is on the bus?", "what is the number on the jersey?", "which numbers are on the plate?",
        "What number does the train have?",
    ])
    func `asks for a number`(_ question: String) {
        #expect(QuestionOfWords(question)?.wish == .number)
    }

    @Test(arguments: [
        "what is the dog doing?", "what color is the sign?", "what is the color of the text?",
        "what is the text color?",
        "What time does the clock say?", "what is the man saying?", "What does the woman say?", "what do they say?",
        "what does he read?",
        "what is the man reading?", "how many words are on the sign?", "is there something written on the wall?",
        "does the sign say stop?",
        "what is the number of dogs?", "what number of chairs is there?", "what language is it written in?",
        "what is on the sign?",
        "what kind of sign is it?", "what words describe the scene?", "what does the sign mean?", "is this a sign?",
        "who is reading?",
        "what", "read", "", "?", "что здесь написано?", "what is the name of this animal?",
        "how many people are reading?",
        "what sits on the bed and reads a book?", "what is used to read a code?", "what is he saying?",
        "what that man says",
    ])
    func `is none where something else is asked`(_ question: String) {
        #expect(QuestionOfWords(question) == nil)
    }

    private func page(_ lines: (String, Float)...) -> ReadPage {
        let box = TextBox(corners: [SIMD2(0, 0), SIMD2(9, 0), SIMD2(9, 9), SIMD2(0, 9)])
        var page = ReadPage(left: 0)
        page.add(lines.map { ReadText(text: $0.0, confidence: $0.1) }, of: lines.map { _ in box }[...])
        return page
    }

    @Test func `is answered with all that is read, as sure as the reader is of its characters`() throws {
        let question = try #require(QuestionOfWords("what does it say?"))
        let answer = question.answer(in: page(("EXIT 27", 0.875), ("x", 1)))
        #expect(answer == ReadAnswer(text: "EXIT 27 x", confidence: 0.890625))
        #expect(question.answer(in: page()) == nil)
        #expect(question.answer(in: page(("MocKBa", 0.875))) == nil)
    }

    @Test func `of a number is answered with what has digits`() throws {
        let question = try #require(QuestionOfWords("what number is on the bus?"))
        #expect(question.answer(in: page(("Line 27 City", 0.875), ("Hello", 1)))?.text == "27")
        #expect(question.answer(in: page(("Hello", 1))) == nil)
    }

    @Test func `has what is read before the answers of the head, which share the rest`() {
        let (labels, probabilities) = ReadAnswer(text: "EXIT", confidence: 0.875).before(["yes", "no"], [0.75, 0.25])
        #expect(labels == ["EXIT", "yes", "no"])
        #expect(probabilities == [0.875, 0.09375, 0.03125])
    }
}
