import Media
import Tokenizer

/// A part that a model takes: its name, the tower that reads it, and how it is prepared for that tower. Whoever takes parts of
/// requests, warms a model up or tells what it takes reads this one.
public struct PartSpec: Sendable {
    /// The name of the part in requests: "image", "audio", "text", "question", "features", "features.<tower>".
    public let part: String
    /// The part of the request that it is read from, where that is not the same: what one model hears in the sound that another
    /// judges.
    public let source: String
    /// The name of the tower.
    public let tower: String
    /// How what the part holds becomes the tower's input.
    public let preparation: Preparation

    /// From what a client sends to what a tower takes. May be called from any thread at once: nothing here waits for the engine.
    public enum Preparation: Sendable {
        /// A whole picture.
        case image(PicturePreparation)
        /// A whole picture in its own shape, of which the words are read.
        case page
        /// The crop of a face, or a picture that is one.
        case face(PicturePreparation)
        /// A clip of sound.
        case sound(SoundPreparation)
        /// A text or question.
        case text(TextPreparation)
        /// Tokens of that many numbers each, at most so many of them, computed by the client.
        case features(width: Int, maxTokens: Int)
    }

    /// What a part holds.
    public enum Kind: Sendable {
        case image, page, face, sound, text, features
    }

    /// What the part holds.
    public var kind: Kind {
        switch preparation {
        case .image: .image
        case .page: .page
        case .face: .face
        case .sound: .sound
        case .text: .text
        case .features: .features
        }
    }

    /// A part of those members.
    public init(part: String, from source: String? = nil, tower: String, _ preparation: Preparation) {
        self.part = part
        self.source = source ?? part
        self.tower = tower
        self.preparation = preparation
    }

    /// The same under another name.
    public func named(_ part: String) -> PartSpec { PartSpec(part: part, tower: tower, preparation) }

    /// The same, to be found under another name than that of the part that it is read from.
    public func kept(as part: String) -> PartSpec { PartSpec(part: part, from: source, tower: tower, preparation) }
}

/// How a picture becomes the input of a tower.
public struct PicturePreparation: Sendable {
    /// The size that a decoder may resize the picture to itself; nil where it has to come larger, for a part of it to be taken.
    public let rendition: ImageRendition?
    /// The least width and height of a picture that comes reduced.
    public let leastSide: Int
    /// The tower's input, [height, width, channels], of a picture or of a part of it: resized and normalised.
    public let pixels: @Sendable (_ image: PixelImage, _ part: PixelRectangle?) -> [Float]

    /// The tiles of a whole picture, where the tower takes several pictures of one; then nothing else is asked for.
    public let tiles: (@Sendable (_ image: PixelImage) -> PictureTiles)?

    /// What the tower takes of a picture, or of a part of it.
    public func input(_ image: PixelImage, _ part: PixelRectangle? = nil) -> ModelInput {
        tiles.map { .tiles($0(part.map(image.cropped(to:)) ?? image)) } ?? .pixels(pixels(image, part))
    }

    /// A preparation of those members.
    public init(
        rendition: ImageRendition?, leastSide: Int, tiles: (@Sendable (_ image: PixelImage) -> PictureTiles)? = nil,
        pixels: @escaping @Sendable (_ image: PixelImage, _ part: PixelRectangle?) -> [Float]
    ) {
        self.rendition = rendition
        self.leastSide = leastSide
        self.tiles = tiles
        self.pixels = pixels
    }

    /// Of a tower for tiles of pictures.
    /// - Parameters:
    ///   - rendition: the size that a picture is cut up in, which it has come in.
    ///   - preprocessor: of a tile.
    init(_ tiling: ImageTiling, of rendition: ImageRendition, _ preprocessor: ImagePreprocessor) {
        self.init(
            rendition: rendition, leastSide: tiling.side,
            tiles: { image in
                let tiles = tiling(image)
                return PictureTiles(
                    rows: tiles.rows, columns: tiles.columns, tiles: tiles.pictures.map { preprocessor($0) })
            },
            pixels: { image, part in preprocessor(part.map(image.cropped(to:)) ?? image) })
    }

    /// Of a tower for whole pictures.
    init(_ preprocessor: ImagePreprocessor) {
        self.init(rendition: preprocessor.rendition, leastSide: preprocessor.width) { image, part in
            preprocessor(part.map(image.cropped(to:)) ?? image)
        }
    }

    /// Of a tower for faces.
    /// - Parameter leastSide: of the picture that a face is cut out of.
    init(_ preprocessor: FacePreprocessor, leastSide: Int) {
        self.init(rendition: nil, leastSide: leastSide) { image, part in preprocessor(image, part: part) }
    }
}

/// How a text becomes the input of a tower.
public struct TextPreparation: Sendable {
    /// The most word pieces of a text, special tokens included: the rest is cut.
    public let maxTokens: Int
    /// The word pieces of a text, cut at that number.
    public let encode: @Sendable (_ text: String) -> Tokenizer.Encoding
    /// Another text that may stand beside it; nil where none may.
    public let pair: Pair?

    /// A text that may stand beside another one.
    public struct Pair: Sendable {
        /// The name of its part.
        public let part: String
        /// Both as one sequence, cut at that number as well.
        public let encode: @Sendable (_ text: String, _ pair: String) -> Tokenizer.Encoding

        /// A pair of those members.
        public init(part: String, encode: @escaping @Sendable (String, String) -> Tokenizer.Encoding) {
            self.part = part
            self.encode = encode
        }
    }

    /// A preparation of those members.
    public init(
        maxTokens: Int, pair: Pair? = nil, encode: @escaping @Sendable (_ text: String) -> Tokenizer.Encoding
    ) {
        self.maxTokens = maxTokens
        self.pair = pair
        self.encode = encode
    }

    /// The same for a text by itself.
    public var alone: TextPreparation { TextPreparation(maxTokens: maxTokens, encode: encode) }

    init(_ tokenizer: Tokenizer, maxTokens: Int) {
        self.init(maxTokens: maxTokens) { tokenizer.encode($0, maxTokens: maxTokens) }
    }

    /// Throws `TaskError.inconsistentModel` where an empty text, or two of them, would have no tokens.
    func requireSpecialTokens() throws(TaskError) {
        guard !encode("").ids.isEmpty, pair.map({ !$0.encode("", "").ids.isEmpty }) ?? true else {
            throw .inconsistentModel("the tokenizer puts no special tokens around a text, so an empty one has none")
        }
    }
}
