import ArgumentParser
import Tasks

struct CaptionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caption", abstract: "Describe photos, without a server.",
        discussion: """
            Prints one line for each file: its caption, or with several files its name and caption. With --json a file that \
            cannot be described has its line too, with "error" in place of "caption". With --read the lines of text in the photo \
            follow, each behind two blanks. A file named - is standard input.
            """)

    @Argument(
        help: ArgumentHelp(
            "Photos: JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF; - is standard input.", valueName: "file")) var files:
        [String]
    @OptionGroup var model: ModelArguments
    @Option(help: "Width of the beam search, 1 to 8; 1 is greedy. Ours has three where it is not given.") var beams:
        Int?
    @Option(help: "Most word pieces of a caption. Ours has thirty where it is not given.") var maxTokens: Int?
    @Option(help: "How many captions of each photo.") var candidates = 1
    @Option(help: "Sample with this temperature instead of searching.") var temperature: Double?
    @Option(name: .customLong("top-p"), help: "Sample among the likeliest tokens of this probability together.")
    var topP: Double?
    @Option(help: "Makes sampling repeatable.") var seed: UInt64?
    @Option(help: "How the captions begin.") var prompt: String?
    @OptionGroup var certainty: LeastConfidence
    @Flag(help: "Read the words in each photo, too.") var read = false
    @Flag(
        help: """
            One sentence for people who cannot see the photo: of caption, things, faces and words what is sure to 0.5, or to \
            --min-confidence.
            """)
    var alt = false
    @Flag(help: "Print one JSON object for each file.") var json = false

    func validate() throws { try CommandLineText.checkWords(prompt, "--prompt") }

    func run() throws {
        let service = try LocalService(model)
        defer { service.close() }
        try service.answers(
            to: "/v1/caption", about: files, as: "image", inJSON: json, what: "described", addOptions, show: show)
    }

    private func addOptions(to form: inout MultipartForm) {
        form.add("beams", option: beams)
        form.add("max_tokens", option: maxTokens)
        form.add("candidates", option: candidates)
        form.add("temperature", option: temperature)
        form.add("top_p", option: topP)
        form.add("seed", option: seed)
        form.add("prompt", option: prompt)
        form.add("read", option: read)
        if alt { form.add("style", "alt") }
        certainty.add(to: &form)
    }

    private func show(_ file: String, _ answer: TaskAnswer) throws {
        if json { return try StandardOutput.print(answer.document(file: file)) }
        let before = files.count > 1 ? "\(file): " : ""
        for caption in try captions(answer) { try StandardOutput.print(before + (caption ?? LeastConfidence.notSure)) }
        try answer.words?.show(of: file, before: before + "  ")
    }

    /// The sentences that are printed; nil for one that is not sure enough.
    private func captions(_ answer: TaskAnswer) throws -> [String?] {
        if alt { return [try answer.text("caption")] }
        return try answer.members.member("candidates").elements().map { candidate in
            let confidence = try candidate.optionalMember("confidence")?.number() ?? 1
            return confidence < certainty.least ? nil : try candidate.member("text").string()
        }
    }
}
