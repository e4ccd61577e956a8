import Networks
import Tokenizer

/// One input of a request as a tower takes it.
public enum ModelInput: Sendable {
    /// An image, or the crop of a face, resized and normalised for its tower: [height, width, channels].
    case pixels([Float])
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
