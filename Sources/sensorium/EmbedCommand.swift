import ArgumentParser
import JSON
import Tasks

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Turn texts, photos or sounds into vectors, without a server.",
        discussion: "Prints one JSON array of numbers for each input: texts first, then photos, then sounds.")

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
        if image.isEmpty && view != .auto { throw ValidationError("--view says what an --image is; give one.") }
    }

    func run() throws {
        let loaded = try model.load()
        guard loaded.tasks.contains("embed") else {
            throw CommandFailure.failed("The model \(loaded.name) has no tower to embed with.")
        }
        if let space = loaded.space { return try embed(in: space, loaded) }
        guard audio.isEmpty else { throw CommandFailure.failed("The model \(loaded.name) cannot embed sounds.") }
        guard view != .sketch else { throw CommandFailure.failed("The model \(loaded.name) cannot read sketches.") }
        for vector in loaded.embedTexts(text.compactMap { loaded.encode($0) }) { try show(vector) }
        for file in image {
            let encodings = loaded.encodeImages([try loaded.pixels(ofFile: file)])
            for encoding in encodings { try show(loaded.imageEmbedding(encoding)) }
        }
    }

    /// One after the other, so that any number of files takes the memory of one.
    private func embed(in space: EmbeddingSpace, _ loaded: LoadedModel) throws {
        for (part, sources) in [("text", text), ("image", image), ("audio", audio)] where !sources.isEmpty {
            guard let input = space.inputs.first(where: { $0.part == part }) else {
                throw CommandFailure.failed("The model \(loaded.name) cannot embed \(part).")
            }
            for source in sources {
                let value =
                    part == "text"
                    ? loaded.encode(source).map { TowerInput.text($0) } : try loaded.input(ofFile: source, for: input)
                guard let value else { continue }
                let queries = loaded.encode([(input.tower, value)]).map {
                    SpaceQuery(parts: [part: $0], view: part == "image" ? view.view : nil)
                }
                for made in try loaded.embed(queries) { try show(made.vector) }
            }
        }
    }

    private func show(_ vector: [Float]) throws {
        let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        let scaled = normalize && length > 0 ? vector.map { Float(Double($0) / length) } : vector
        var json = JSONWriter(capacity: vector.count * 10)
        try json.value(scaled)
        print(json.text)
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
