import ArgumentParser
import JSON
import Tasks

struct AskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Ask a question about a photo, without a server.",
        discussion: """
            Prints the likeliest answer, or with --top several, each with its probability. A question that asks for words \
            ("what does the sign say?") is answered with what is read. With --read all lines of text in the photo follow, each \
            behind two blanks.
            """)

    @Argument(help: ArgumentHelp("A photo.", valueName: "image")) var image: String
    @Argument(help: "A question, such as \"what is the dog doing?\".") var question: String
    @OptionGroup var model: ModelArguments
    @Option(help: "How many answers, 1 to 20.") var top = 1
    @OptionGroup var certainty: LeastConfidence
    @Flag(inversion: .prefixedNo, help: "Read the words in the photo. Usually as the question wants it.") var read:
        Bool?
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        guard (1...20).contains(top) else { throw ValidationError("--top is \(top), but must be from 1 to 20.") }
        guard question.contains(where: { $0.isLetter || $0.isNumber }) else {
            throw ValidationError("The question has no words.")
        }
        try CommandLineText.checkWords(question, "The question")
    }

    func run() throws {
        let loaded = try model.load()
        let head = try loaded.head(of: "vqa")
        let bytes = try InputFile.read(image)
        let inputs = try loaded.inputs(
            of: head, files: ["image": image], contents: ["image": bytes], texts: ["question": question])
        let asked = QuestionOfWords(question)
        let page = read ?? (asked != nil && loaded.reads) ? try ReadPage(of: bytes, by: loaded) : nil
        let written = page.flatMap { asked?.answer(in: $0) }
        let classification = try loaded.classification(by: head, of: inputs)
        let answers = head.ranked(classification.probabilities, behind: written).prefix(top)
        let confidence = written.map(Confidence.init) ?? classification.confidence
        if json { return try StandardOutput.print(document(answers, confidence, page, isRead: written != nil)) }
        if certainty.declines(confidence) {
            try StandardOutput.print(LeastConfidence.notSure)
        } else {
            try show(answers)
        }
        if read == true { try page?.show(of: image, before: "  ") } else { page?.sayWhatIsUnread(of: image) }
    }

    private func show(_ answers: ArraySlice<(label: String, probability: Double)>) throws {
        for (label, probability) in answers {
            try StandardOutput.print(top > 1 ? "\(percent(probability)) \(label)" : label)
        }
    }

    private func document(
        _ answers: ArraySlice<(label: String, probability: Double)>, _ confidence: Confidence?, _ page: ReadPage?,
        isRead: Bool
    ) -> String {
        var json = JSONWriter()
        json.object { json in
            certainty.write("answer", answers.first?.label ?? "", confidence, to: &json)
            json.field("answers") { json in
                json.array { json in
                    for (place, (label, probability)) in answers.enumerated() {
                        json.object { json in
                            json.field("answer", label)
                            // A probability is finite: it is a share of a sum above 0.
                            try? json.field("probability", probability)
                            if place == 0, isRead { json.field("source", "words") }
                        }
                    }
                }
            }
            if let page { json.field("words") { json in json.object { json in page.write(to: &json) } } }
        }
        return json.text
    }
}
