import ArgumentParser

struct ReadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Read the words in photos, without a server.",
        discussion: """
            Prints the lines of each file in reading order, with several files behind its name. Latin letters without accents, \
            digits, punctuation and 6,000 Chinese characters are known; what looks like a line and is not read is counted on \
            standard error. A file named - is standard input.
            """)

    @Argument(
        help: ArgumentHelp(
            "Photos: JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF; - is standard input.", valueName: "file")) var files:
        [String]
    @OptionGroup var model: ModelArguments
    @Flag(help: "Print one JSON object for each file.") var json = false

    func run() throws {
        let service = try LocalService(model)
        defer { service.close() }
        try service.answers(to: "/v1/read", about: files, as: "image", inJSON: json, what: "read", show: show)
    }

    private func show(_ file: String, _ answer: TaskAnswer) throws {
        if json { return try StandardOutput.print(answer.document(file: file)) }
        try ReadWords(answer.members).show(of: file, before: files.count > 1 ? "\(file): " : "")
    }
}
