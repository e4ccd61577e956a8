import ArgumentParser
import JSON

struct TranscribeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcribe", abstract: "Write down what is said in sounds, without a server.",
        discussion: """
            Takes a model that transcribes, such as a folder of Whisper as the Hub has it. Prints the text of each file, with \
            several files behind its name; with --segments or --words a line for each, with its times in seconds. A file named - \
            is standard input.
            """)

    @Argument(
        help: ArgumentHelp("Sounds: WAV, FLAC, Ogg Vorbis, Ogg Opus, MP3; - is standard input.", valueName: "file"))
    var files: [String]
    @OptionGroup var model: ModelArguments
    @Option(help: "The language that is spoken, as \"de\" or \"german\"; without it, what is heard.") var language:
        String?
    @Flag(help: "Write English, whatever is spoken.") var translate = false
    @Flag(help: "Print a line for each segment.") var segments = false
    @Flag(help: "Print a line for each word.") var words = false
    @Flag(help: "Print one JSON object for each file.") var json = false

    func validate() throws {
        if segments, words { throw ValidationError("Either --segments or --words: words have times of their own.") }
    }

    func run() throws {
        let service = try LocalService(model)
        defer { service.close() }
        try service.answers(
            to: "/v1/transcribe", about: files, as: "audio", inJSON: json, what: "written down", addOptions, show: show)
    }

    private func addOptions(to form: inout MultipartForm) {
        form.add("language", option: language)
        if translate { form.add("task", "translate") }
        form.add("timestamps", words ? "word" : "segment")
    }

    private func show(_ file: String, _ answer: TaskAnswer) throws {
        if json { return try StandardOutput.print(answer.document(file: file)) }
        try answer.sayWhatIsLeftOut(sound: file)
        let before = files.count > 1 ? "\(file): " : ""
        guard segments || words else { return try StandardOutput.print(before + (answer.text("text") ?? "")) }
        for piece in try answer.members.member(words ? "words" : "segments").elements() {
            let times = [try piece.member("start").number(), try piece.member("end").number()].map { time in
                // Hundredths, as answers have them.
                let hundredths = Int((time * 100).rounded())
                let rest = hundredths % 100
                return "\(hundredths / 100)." + (rest < 10 ? "0" : "") + "\(rest)"
            }
            try StandardOutput.print(before + "\(times[0])-\(times[1])  \(try piece.member("text").string())")
        }
    }
}
