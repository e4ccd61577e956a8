extension SensoriumConfiguration {
    /// A network, or the declaration of numbers that come ready, that turns one kind of input into tokens.
    public enum Tower: Sendable, Equatable {
        /// Whole pictures.
        case image(ImageTower)
        /// Whole pictures again, with last blocks of its own.
        case imageBranch(ImageBranch)
        /// Texts.
        case text(TextTower)
        /// Texts again, with last layers of its own.
        case textBranch(TextBranch)
        /// Sound.
        case audio(AudioTower)
        /// Faces cut out of pictures.
        case face(FaceTower)
        /// Sequences of numbers that the request brings.
        case features(FeatureTower)
        /// Finds the faces that a face tower looks at; no head reads it.
        case faceFinder(FaceFinder)
        /// Finds lines of text in whole pictures; no head reads it.
        case textFinder(TextFinder)
        /// Reads the lines that a text finder found; no head reads it.
        case textReader(TextReader)

        /// The value of `type`.
        public var type: String {
            switch self {
            case .image: ImageTower.type
            case .imageBranch: ImageBranch.type
            case .text: TextTower.type
            case .textBranch: TextBranch.type
            case .audio: AudioTower.type
            case .face: FaceTower.type
            case .features: FeatureTower.type
            case .faceFinder: FaceFinder.type
            case .textFinder: TextFinder.type
            case .textReader: TextReader.type
            }
        }

        /// The values of `type` that are supported.
        public static let types = [
            ImageTower.type, ImageBranch.type, TextTower.type, TextBranch.type, AudioTower.type, FaceTower.type,
            FeatureTower.type, FaceFinder.type, TextFinder.type, TextReader.type,
        ]

        /// nil where the type is not supported, which the reader has noted.
        init?(reading reader: inout ConfigurationReader) {
            switch reader.string("type", oneOf: Self.types) {
            case ImageTower.type: self = .image(ImageTower(reading: &reader))
            case ImageBranch.type: self = .imageBranch(ImageBranch(reading: &reader))
            case TextTower.type: self = .text(TextTower(reading: &reader))
            case TextBranch.type: self = .textBranch(TextBranch(reading: &reader))
            case AudioTower.type: self = .audio(AudioTower(reading: &reader))
            case FaceTower.type: self = .face(FaceTower(reading: &reader))
            case FeatureTower.type: self = .features(FeatureTower(reading: &reader))
            case FaceFinder.type: self = .faceFinder(FaceFinder())
            case TextFinder.type: self = .textFinder(TextFinder())
            case TextReader.type: self = .textReader(TextReader(reading: &reader))
            default: return nil
            }
        }

        /// What kind of input it encodes, in the words of the answers: "image", "text", "audio" or "features"; nil for
        /// finders and the reader of texts, which give no tokens.
        public var modality: String? {
            switch self {
            case .image, .imageBranch, .face: "image"
            case .text, .textBranch: "text"
            case .audio: "audio"
            case .features: "features"
            case .faceFinder, .textFinder, .textReader: nil
            }
        }
    }

    /// BlazeFace, short range (Bazarevsky 2019), whose layers are fixed.
    public struct FaceFinder: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "blazeface_short"
    }
}
