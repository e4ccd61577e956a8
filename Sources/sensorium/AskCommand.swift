import ArgumentParser

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
        let service = try LocalService(model)
        defer { service.close() }
        let answer = try TaskAnswer(service.post("/v1/vqa", try form()))
        try answer.sayWhatIsLeftOut()
        if json { return try StandardOutput.print(answer.document()) }
        try show(answer)
        let words = try answer.words
        if read == true { try words?.show(of: image, before: "  ") } else { words?.sayWhatIsUnread(of: image) }
    }

    private func form() throws(CommandFailure) -> MultipartForm {
        var form = MultipartForm()
        form.add("image", file: try InputFile.read(image))
        form.add("question", question)
        form.add("top", option: top)
        form.add("read", option: read)
        certainty.add(to: &form)
        return form
    }

    private func show(_ answer: TaskAnswer) throws {
        guard try answer.text("answer") != nil else { return try StandardOutput.print(LeastConfidence.notSure) }
        for answer in try answer.members.member("answers").elements() {
            let label = try answer.member("answer").string()
            let share = try answer.optionalMember("probability")?.number()
            try StandardOutput.print(share.map { top > 1 ? "\(percent($0)) \(label)" : label } ?? label)
        }
    }
}
