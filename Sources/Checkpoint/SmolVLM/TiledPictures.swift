import JSON

/// How the image processor of Idefics 3 and SmolVLM prepares pictures: `preprocessor_config.json`, or the part `image_processor` of
/// `processor_config.json`. What a file leaves out is the default of transformers' classes.
public struct TiledPictures: Sendable, Equatable {
    /// How the size changes before pictures are cut.
    public enum Resize: Sendable, Equatable {
        /// Not at all.
        case none
        /// Until the longer side has this length.
        case longest(Int)
        /// To this size.
        case stretched(width: Int, height: Int)
    }

    /// What happens first.
    public let resize: Resize
    /// The filter of every resize by Pillow's number, 0 to 5.
    public let filter: Int
    /// The side of a tile in pixels.
    public let tile: Int
    /// Whether pictures are cut; else each is squeezed into one tile.
    public let splits: Bool
    /// What pixels, 0...255, are multiplied by before mean and deviation.
    public let scale: Double
    /// Subtracted from red, green and blue.
    public let mean: [Float]
    /// What red, green and blue are divided by then.
    public let deviation: [Float]

    /// The most tiles side by side, and above each other, of any picture; nil where that depends on the picture alone.
    public var longestRow: Int? {
        switch resize {
        case .none: nil
        case .longest(let side): (side + 1 + tile - 1) / tile
        case .stretched(let width, let height): (max(width, height) + tile - 1) / tile
        }
    }

    init?(_ files: inout PublishedFiles) {
        guard
            var reader = files.nestedReader("image_processor")
                ?? files.reader("preprocessor_config.json", isRequired: true)
        else { return nil }
        if reader.isPresent("image_processor_type") {
            let names = ["Idefics3", "SmolVLM"].flatMap { family in
                ["ImageProcessor", "ImageProcessorFast", "ImageProcessorPil"].map { family + $0 }
            }
            _ = reader.string("image_processor_type", oneOf: names)
        }
        filter = reader.integer("resample", in: 0...5, orElse: 1)
        resize = reader.boolean("do_resize", orElse: true) ? Self.size(&reader) : .none
        splits = reader.boolean("do_image_splitting", orElse: true)
        tile = reader.part("max_image_size") { $0.integer("longest_edge", in: 1...4096, orElse: 364) }
        let isScaled = reader.boolean("do_rescale", orElse: true)
        scale =
            !isScaled
            ? 1 : reader.isPresent("rescale_factor") ? reader.exactNumber("rescale_factor") : 1.0 / 255
        let normalizes = reader.boolean("do_normalize", orElse: true)
        mean = normalizes ? reader.channels("image_mean", orElse: 0.5) : [0, 0, 0]
        deviation = normalizes ? reader.channels("image_std", orElse: 0.5) : [1, 1, 1]
        reader.demand(!deviation.contains(0), "image_std", "\(deviation)", fits: "a deviation", "other than 0")
        files.problems += reader.problems
    }

    private static func size(_ reader: inout ConfigurationReader) -> Resize {
        guard reader.isPresent("size") else { return .longest(4 * 364) }
        return reader.object("size") { size in
            // Pictures are never larger than this in the reference.
            let sides = 1...4096
            if size.isPresent("longest_edge") { return .longest(size.integer("longest_edge", in: sides)) }
            return .stretched(width: size.integer("width", in: sides), height: size.integer("height", in: sides))
        }
    }
}

extension ConfigurationReader {
    fileprivate mutating func exactNumber(_ key: String) -> Double {
        read(key, orElse: 1) { cursor throws(JSONError) in try cursor.number() }
    }

    /// Three numbers, or one for all channels.
    fileprivate mutating func channels(_ key: String, orElse standard: Float) -> [Float] {
        guard isPresent(key) else { return [Float](repeating: standard, count: 3) }
        return read(key, orElse: [0, 0, 0]) { cursor throws(JSONError) in
            guard case .array = cursor.value else {
                return [Float](repeating: Float(try cursor.number()), count: 3)
            }
            let numbers = try cursor.numbers()
            guard numbers.count == 3 else { throw cursor.unexpected("an array of 3 numbers") }
            return numbers.map(Float.init)
        }
    }
}
