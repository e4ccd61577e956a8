import Checkpoint
import Media

/// How parts of requests are prepared for the towers.
extension LoadedModel {
    /// What captions are about; nil for a model that writes none.
    public var captionInput: PartSpec? {
        captioner.flatMap { _ in spec("image", tower: configuration.towers.firstImage?.name) }
    }

    /// What has vectors of its tower's own, which cannot be compared with those of other towers.
    public var towerInputs: [PartSpec] {
        [
            spec("image", tower: configuration.towers.firstImage?.name),
            spec("text", tower: configuration.towers.firstText?.name),
        ].compactMap(\.self)
    }

    func specs(_ inputs: Named<SensoriumConfiguration.HeadInput>) -> [PartSpec] {
        inputs.compactMap { part, input in spec(part, tower: input.tower) }
    }

    /// How the tower of a name reads a part; nil where it reads none of requests.
    private func spec(_ part: String, tower name: String?) -> PartSpec? {
        guard let name, let preparation = preparation(for: name) else { return nil }
        return PartSpec(part: part, tower: name, preparation)
    }

    private func preparation(for name: String) -> PartSpec.Preparation? {
        switch configuration.towers[name] {
        case .image?, .imageBranch?: preprocessor.map { .image(PicturePreparation($0)) }
        case .face(let tower)?:
            .face(
                PicturePreparation(
                    FacePreprocessor(size: tower.imageSize, mean: tower.mean, deviation: tower.deviation),
                    leastSide: preprocessor?.width ?? Self.leastSideOfFaces))
        case .audio(let tower)?:
            .sound(
                SoundPreparation(
                    sampleRate: tower.sampleRate, melBins: tower.melBins,
                    windowSeconds: tower.windowSamples / tower.sampleRate,
                    tokenNumbers: tower.hiddenSize * (configuration.lastState(of: name, layers: tower.layers) + 1)))
        case .text?, .textBranch?: textPreparation.map { .text($0) }
        case .features(let tower)?: .features(width: tower.width, maxTokens: tower.maxTokens)
        case .faceFinder?, .textFinder?, .textReader?, nil: nil
        }
    }

    /// How large a picture comes that is a face as a whole, where no other tower says it.
    private static let leastSideOfFaces = 512

    /// How texts are prepared for the text towers; nil without one.
    var textPreparation: TextPreparation? {
        guard let tokenizer, let textTokenLimit else { return nil }
        return TextPreparation(tokenizer, maxTokens: textTokenLimit)
    }

    /// The faces of a picture, the largest first; nil where the checkpoint has no face finder. Takes long; may be called from any
    /// thread at once.
    public func faces(in image: PixelImage) -> [FaceBox]? { faceFinder?.find(in: image) }
}
