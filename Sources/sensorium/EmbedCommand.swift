import ArgumentParser
import JSON

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Turn texts, photos or sounds into vectors, without a server.",
        discussion: """
            Prints one line for each input, a JSON array of numbers: texts first, then photos, then sounds. A file that fails has \
            its line too, an object with "file" and "error". A file named - is standard input.
            """)

    @Option(help: "A text; may be given several times.") var text: [String] = []
    @Option(help: ArgumentHelp("A picture; may be given several times.", valueName: "file"))
    var image: [String] = []
    @Option(help: ArgumentHelp("A WAV, FLAC, Ogg or MP3 file; may be given several times.", valueName: "file"))
    var audio: [String] = []
    @Option(help: ArgumentHelp("What the images are: auto (told by each of them), photo or sketch.", valueName: "view"))
    var view = ViewArgument.auto
    @OptionGroup var model: ModelArguments
    @Flag(inversion: .prefixedNo, help: "Scale each vector to length 1.") var normalize = true

    func validate() throws {
        if text.isEmpty && image.isEmpty && audio.isEmpty {
            throw ValidationError("Give at least one --text, --image or --audio.")
        }
        for words in text { try CommandLineText.checkWords(words, "--text") }
        if image.isEmpty && view != .auto { throw ValidationError("--view says what an --image is; give one.") }
    }

    func run() throws {
        let service = try LocalService(model)
        defer { service.close() }
        var failures = 0
        for (part, sources) in [("text", text), ("image", image), ("audio", audio)] {
            // One after the other, so that any number of files takes the memory of one.
            for source in sources {
                let answer: TaskAnswer
                do throws(CommandFailure) {
                    answer = try TaskAnswer(service.post("/v1/embed", try form(part, source)))
                } catch {
                    failures += 1
                    try reportFailure(source, error, inJSON: true)
                    continue
                }
                try answer.sayWhatIsLeftOut(sound: source)
                var json = JSONWriter()
                try json.value(answer.members.member("embedding").value)
                try StandardOutput.print(json.text)
            }
        }
        guard failures == 0 else {
            throw CommandFailure.failed(
                "\(failures) of \(text.count + image.count + audio.count) inputs could not be embedded.")
        }
    }

    private func form(_ part: String, _ source: String) throws(CommandFailure) -> MultipartForm {
        var form = MultipartForm()
        if part == "text" { form.add(part, source) } else { form.add(part, file: try InputFile.read(source)) }
        if part == "image", view != .auto { form.add("view", view.rawValue) }
        form.add("normalize", option: normalize)
        return form
    }
}

/// What a picture is said to be on the command line.
enum ViewArgument: String, ExpressibleByArgument, CaseIterable {
    /// The model tells.
    case auto
    /// Taken by a camera.
    case photo
    /// Drawn by hand.
    case sketch
}
