import ArgumentParser
import JSON
import Tasks

struct AskCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ask", abstract: "Ask a question about a photo, without a server.",
        discussion: "Prints the likeliest answer, or with --top several, each with its probability.")

    @Argument(help: ArgumentHelp("A photo.", valueName: "image")) var image: String
    @Argument(help: "A question, such as \"what is the dog doing?\".") var question: String
    @OptionGroup var model: ModelArguments
    @Option(help: "How many answers, 1 to 20.") var top = 1
    @OptionGroup var certainty: LeastConfidence
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
        let inputs = try loaded.inputs(of: head, files: ["image": image], texts: ["question": question])
        let classification = try loaded.classification(by: head, of: inputs)
        let answers = head.ranked(classification.probabilities).prefix(top)
        if json { return try StandardOutput.print(document(answers, classification.confidence)) }
        if certainty.declines(classification.confidence) { return try StandardOutput.print(LeastConfidence.notSure) }
        for (label, probability) in answers {
            try StandardOutput.print(top > 1 ? "\(percent(probability)) \(label)" : label)
        }
    }

    private func document(
        _ answers: ArraySlice<(label: String, probability: Double)>, _ confidence: Confidence?
    ) -> String {
        var json = JSONWriter()
        json.object { json in
            certainty.write("answer", answers.first?.label ?? "", confidence, to: &json)
            json.field("answers") { json in
                json.array { json in
                    for (label, probability) in answers {
                        json.object { json in
                            json.field("answer", label)
                            // A probability is finite: it is a share of a sum above 0.
                            try? json.field("probability", probability)
                        }
                    }
                }
            }
        }
        return json.text
    }
}
