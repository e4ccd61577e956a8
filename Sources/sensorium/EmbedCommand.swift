import ArgumentParser
import JSON
import Tasks

struct EmbedCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed", abstract: "Turn texts or photos into vectors, without a server.",
        discussion: "Prints one JSON array of numbers for each input, texts first.")

    @Option(help: "A text; may be given several times.") var text: [String] = []
    @Option(help: ArgumentHelp("A JPEG or PNG file; may be given several times.", valueName: "file"))
    var image: [String] = []
    @OptionGroup var model: ModelArguments
    @Flag(inversion: .prefixedNo, help: "Scale each vector to length 1.") var normalize = true

    func validate() throws {
        if text.isEmpty && image.isEmpty { throw ValidationError("Give at least one --text or --image.") }
    }

    func run() throws {
        let loaded = try model.load()
        guard loaded.tasks.contains("embed") else {
            throw CommandFailure.failed("The model \(loaded.name) has no tower to embed with.")
        }
        for vector in loaded.embedTexts(text.compactMap { loaded.encode($0) }) { try show(vector) }
        for file in image {
            let encodings = loaded.encodeImages([try loaded.pixels(ofFile: file)])
            for encoding in encodings { try show(loaded.imageEmbedding(encoding)) }
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
