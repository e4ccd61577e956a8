import JSON

/// How a published image processor prepares a picture: `preprocessor_config.json`, or the part `image_processor` of
/// `processor_config.json`, which transformers 5.24 prefers. What a file leaves out is the default of its class.
public struct ImageProcessorConfiguration: Sendable, Equatable {
    /// The classes that are known. Each has names of its own for its faster variants and for its time as a feature extractor.
    public enum Processor: String, Sendable, CaseIterable {
        case clip = "CLIP"
        case siglip = "Siglip"
        case vit = "ViT"
        case bit = "Bit"
        case blip = "Blip"
    }

    /// How the size changes.
    public enum Resize: Sendable, Equatable {
        /// Not at all.
        case none
        /// To this size, whatever the ratio of the sides.
        case stretched(width: Int, height: Int)
        /// Until the shorter side has this length.
        case shortest(Int)
    }

    /// What happens first.
    public let resize: Resize
    /// The filter of the resize by Pillow's number, 0 to 5.
    public let filter: Int
    /// The size of the network's input: what is cut out of the middle, or what the picture is stretched to.
    public let width: Int, height: Int
    /// What pixels, 0...255, are multiplied by before mean and deviation.
    public let scale: Double
    /// Subtracted from red, green and blue.
    public let mean: [Float]
    /// What red, green and blue are divided by then.
    public let deviation: [Float]

    private static let sides = 1...4096

    /// Reads the file of a folder.
    /// - Parameter standard: the class where the file names none.
    init?(_ folder: Checkpoint, standard: Processor, _ problems: inout [CheckpointProblem]) {
        do throws(CheckpointProblem) {
            var reader = try Self.reader(folder)
            guard let read = Self(&reader, standard) else {
                problems += reader.problems
                return nil
            }
            self = read
        } catch {
            problems.append(error)
            return nil
        }
    }

    private static func reader(_ folder: Checkpoint) throws(CheckpointProblem) -> ConfigurationReader {
        let nested = "processor_config.json"
        if folder.has(nested), let part = try? folder.json(nested).optionalMember("image_processor") {
            return ConfigurationReader(file: nested, part)
        }
        return ConfigurationReader(
            file: "preprocessor_config.json", try folder.json("preprocessor_config.json"))
    }

    private init?(_ reader: inout ConfigurationReader, _ standard: Processor) {
        let processor = Self.processor(&reader, standard)
        filter = reader.integer("resample", in: 0...5, orElse: processor == .vit ? 2 : 3)
        let cuts = processor == .clip || processor == .bit
        let crop = reader.boolean("do_center_crop", orElse: cuts) ? Self.crop(&reader) : nil
        resize = reader.boolean("do_resize", orElse: true) ? Self.resize(&reader, processor) : .none
        scale = reader.boolean("do_rescale", orElse: true) ? Self.factor(&reader) : 1
        let normalizes = reader.boolean("do_normalize", orElse: true)
        let isCLIP = cuts || processor == .blip
        mean = normalizes ? Self.channels(&reader, "image_mean", isCLIP ? Self.clipMean : Self.half) : [0, 0, 0]
        deviation =
            normalizes ? Self.channels(&reader, "image_std", isCLIP ? Self.clipDeviation : Self.half) : [1, 1, 1]
        if reader.isPresent("do_pad"), reader.boolean("do_pad") {
            reader.refuse("do_pad", "true", supported: ["false"])
        }
        switch (crop, resize) {
        case (let crop?, _): (width, height) = (crop.width, crop.height)
        case (nil, .stretched(let toWidth, let toHeight)): (width, height) = (toWidth, toHeight)
        case (nil, _):
            (width, height) = (1, 1)
            if reader.problems.isEmpty {
                reader.refuse("do_center_crop", "false", supported: ["true where sides keep their ratio"])
            }
        }
        guard reader.problems.isEmpty else { return nil }
    }

    private static let half: [Float] = [0.5, 0.5, 0.5]
    // OPENAI_CLIP_MEAN and OPENAI_CLIP_STD
    private static let clipMean: [Float] = [0.48145466, 0.4578275, 0.40821073]
    private static let clipDeviation: [Float] = [0.26862954, 0.26130258, 0.27577711]

    private static func processor(_ reader: inout ConfigurationReader, _ standard: Processor) -> Processor {
        let key = reader.isPresent("image_processor_type") ? "image_processor_type" : "feature_extractor_type"
        guard reader.isPresent(key) else { return standard }
        let endings = ["ImageProcessor", "ImageProcessorFast", "ImageProcessorPil", "FeatureExtractor"]
        let names = Processor.allCases.flatMap { processor in
            endings.map { (name: processor.rawValue + $0, processor: processor) }
        }
        let found = reader.string(key)
        if let named = names.first(where: { $0.name == found }) { return named.processor }
        reader.refuse(key, found, supported: Processor.allCases.map { $0.rawValue + "ImageProcessor" })
        return standard
    }

    private static func resize(_ reader: inout ConfigurationReader, _ processor: Processor) -> Resize {
        guard reader.isPresent("size") else {
            switch processor {
            case .clip, .bit: return .shortest(224)
            case .siglip, .vit: return .stretched(width: 224, height: 224)
            case .blip: return .stretched(width: 384, height: 384)
            }
        }
        return reader.read("size", orElse: .none) { cursor throws(JSONError) in
            switch cursor.value {
            case .object:
                if let shortest = try cursor.given("shortest_edge"), try cursor.given("longest_edge") == nil {
                    return .shortest(try shortest.integer(in: sides))
                }
                if let height = try cursor.given("height"), let width = try cursor.given("width") {
                    return .stretched(width: try width.integer(in: sides), height: try height.integer(in: sides))
                }
                throw cursor.unexpected("\"shortest_edge\" alone, or \"height\" and \"width\"")
            case .array:
                let pair = try cursor.integers(in: sides)
                guard pair.count == 2 else { throw cursor.unexpected("a height and a width") }
                return .stretched(width: pair[1], height: pair[0])
            default:
                let side = try cursor.integer(in: sides)
                // Of one number only ViT's and BLIP's make a square.
                return processor == .vit || processor == .blip ? .stretched(width: side, height: side) : .shortest(side)
            }
        }
    }

    private static func crop(_ reader: inout ConfigurationReader) -> (width: Int, height: Int) {
        guard reader.isPresent("crop_size") else { return (224, 224) }
        return reader.read("crop_size", orElse: (1, 1)) { cursor throws(JSONError) in
            switch cursor.value {
            case .object:
                return (
                    try cursor.member("width").integer(in: sides), try cursor.member("height").integer(in: sides)
                )
            case .array:
                let pair = try cursor.integers(in: sides)
                guard pair.count == 2 else { throw cursor.unexpected("a height and a width") }
                return (pair[1], pair[0])
            default:
                let side = try cursor.integer(in: sides)
                return (side, side)
            }
        }
    }

    private static func factor(_ reader: inout ConfigurationReader) -> Double {
        guard reader.isPresent("rescale_factor") else { return 1.0 / 255 }
        return reader.read("rescale_factor", orElse: 1) { cursor throws(JSONError) in try cursor.number() }
    }

    /// Three numbers, or one for all channels.
    private static func channels(_ reader: inout ConfigurationReader, _ key: String, _ standard: [Float]) -> [Float] {
        guard reader.isPresent(key) else { return standard }
        let read: [Float] = reader.read(key, orElse: standard) { cursor throws(JSONError) in
            guard case .array = cursor.value else {
                return [Float](repeating: Float(try cursor.number()), count: 3)
            }
            let numbers = try cursor.numbers()
            guard numbers.count == 3 else { throw cursor.unexpected("an array of 3 numbers") }
            return numbers.map(Float.init)
        }
        if key == "image_std" {
            reader.demand(!read.contains(0), key, "\(read)", fits: "a deviation", "other than 0")
        }
        return read
    }
}

extension JSONCursor {
    /// A member that is there and not null.
    fileprivate func given(_ key: String) throws(JSONError) -> JSONCursor? {
        guard let member = try optionalMember(key), member.value != .null else { return nil }
        return member
    }
}
