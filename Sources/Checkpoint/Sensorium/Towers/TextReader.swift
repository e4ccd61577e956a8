extension SensoriumConfiguration {
    /// DB (Liao 2020) on PP-LCNetV3, as PP-OCRv4's finder, whose layers are fixed.
    public struct TextFinder: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "db_text_finder"
    }

    /// SVTR (Du 2022) on PP-LCNetV3, as PP-OCRv4's reader, whose layers are fixed but for its characters.
    public struct TextReader: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "svtr_text_reader"
        /// What it tells apart, a Unicode scalar each, in the order of its classes behind the first, which is none.
        public let characters: [Character]

        init(reading reader: inout ConfigurationReader) {
            characters = reader.string("characters").unicodeScalars.map { Character($0) }
            reader.demand(!characters.isEmpty, "characters", "\"\"", fits: "what is read", "made of characters")
        }
    }
}

extension Named<SensoriumConfiguration.Tower> {
    /// The first finder and the first reader of texts; nil where one of them is missing.
    public var words: (finder: String, reader: String, configuration: SensoriumConfiguration.TextReader)? {
        var finder: String?
        var reader: (name: String, configuration: SensoriumConfiguration.TextReader)?
        for (name, tower) in self {
            switch tower {
            case .textFinder: finder = finder ?? name
            case .textReader(let configuration): reader = reader ?? (name, configuration)
            default: break
            }
        }
        guard let finder, let reader else { return nil }
        return (finder, reader.name, reader.configuration)
    }
}
