import Networks
import Tokenizer

/// A picture cut into tiles, each as a tower takes it.
public struct PictureTiles: Sendable {
    /// Rows and columns of tiles; none of either where the picture is one tile.
    public let rows: Int, columns: Int
    /// The tiles row by row, then the whole picture: each [side, side, 3].
    public let tiles: [[Float]]

    /// A picture of those members.
    public init(rows: Int, columns: Int, tiles: [[Float]]) {
        self.rows = rows
        self.columns = columns
        self.tiles = tiles
    }
}

/// One input of a request as a tower takes it.
public enum ModelInput: Sendable {
    /// An image, or the crop of a face, resized and normalised for its tower: [height, width, channels].
    case pixels([Float])
    /// An image in tiles.
    case tiles(PictureTiles)
    /// The log-mel spectrogram of a clip, in windows of at most as many seconds as the tower takes at once; each
    /// [frames, bins]. Of a model that takes crops one, with the spectrograms of all of them.
    case mel([[Float]])
    /// The log-mel spectrogram of a whole sound, padded with silence: see ``SoundPreparation/Form/whole``.
    case sound(Transcription.Sound)
    /// The samples of a clip: see ``SoundPreparation/Form/samples``.
    case samples([Float])
    /// The word pieces of a text or question.
    case text(Tokenizer.Encoding)
    /// Numbers that the client computed itself: [tokens, width].
    case features(tokens: Int, values: [Float])
    /// What the tower said already.
    case tokens(TowerTokens)
}
