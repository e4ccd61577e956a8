import ArgumentParser
import JSON
import Tasks
import Tokenizer

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
        let loaded = try model.load()
        guard loaded.tasks.contains("embed") else {
            throw CommandFailure.failed("The model \(loaded.name) has no tower to embed with.")
        }
        var failures = 0
        for (part, sources) in [("text", text), ("image", image), ("audio", audio)] where !sources.isEmpty {
            let vectors = try embedding(of: part, loaded)
            // One after the other, so that any number of files takes the memory of one.
            for source in sources {
                let made: [[Float]]
                do {
                    made = try vectors(source)
                } catch {
                    failures += 1
                    try reportFailure(source, error, inJSON: true)
                    continue
                }
                for vector in made { try show(vector) }
            }
        }
        guard failures == 0 else {
            throw CommandFailure.failed(
                "\(failures) of \(text.count + image.count + audio.count) inputs could not be embedded.")
        }
    }

    /// What makes the vectors of a text, or of a file, of one part.
    private func embedding(of part: String, _ loaded: LoadedModel) throws -> (String) throws -> [[Float]] {
        if let space = loaded.space { return try embedding(of: part, in: space, loaded) }
        guard part != "audio" else { throw CommandFailure.failed("The model \(loaded.name) cannot embed sounds.") }
        guard view != .sketch else { throw CommandFailure.failed("The model \(loaded.name) cannot read sketches.") }
        if part == "text" { return { loaded.embedTexts([try wordPieces($0, loaded)]) } }
        return { file in loaded.encodeImages([try loaded.pixels(ofFile: file)]).map { loaded.imageEmbedding($0) } }
    }

    private func embedding(
        of part: String, in space: EmbeddingSpace, _ loaded: LoadedModel
    ) throws -> (String) throws -> [[Float]] {
        guard let input = space.inputs.first(where: { $0.part == part }) else {
            throw CommandFailure.failed("The model \(loaded.name) cannot embed \(part).")
        }
        return { source in
            let value =
                part == "text"
                ? TowerInput.text(try wordPieces(source, loaded)) : try loaded.input(ofFile: source, for: input)
            let queries = loaded.encode([(input.tower, value)]).map {
                SpaceQuery(parts: [part: $0], view: part == "image" ? view.view : nil)
            }
            return try loaded.embed(queries).map(\.vector)
        }
    }

    /// A text as text towers read it.
    private func wordPieces(
        _ text: String, _ loaded: LoadedModel
    ) throws(CommandFailure) -> WordPieceTokenizer.Encoding {
        guard let encoding = loaded.wordPieces(text) else {
            throw .failed("The model \(loaded.name) cannot embed texts.")
        }
        return encoding
    }

    private func show(_ vector: [Float]) throws {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let scaled = normalize && length > 0 ? vector.map { Float(Double($0) / length) } : vector
        var json = JSONWriter(capacity: vector.count * 10)
        try json.value(scaled)
        try StandardOutput.print(json.text)
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

    /// The view as the model takes it; nil where it is to tell.
    var view: PictureView? { PictureView(rawValue: rawValue) }
}
