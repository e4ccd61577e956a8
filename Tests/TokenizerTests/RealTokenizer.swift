import Tokenizer

/// The tokenizer of the default checkpoint, read once.
enum RealTokenizer {
    static let path = "\(repository)/models/sensorium-base/tokenizer.json"
    static let fixtures = "\(repository)/Tests/Fixtures/tokenizer"

    static func load() throws -> WordPieceTokenizer {
        try loaded.get()
    }

    private static let loaded = Result { try WordPieceTokenizer(contentsOf: path) }

    private static let repository = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
}
