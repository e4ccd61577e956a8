import Tensor

/// What the decoder keeps of one image: the keys and values of its memory in every layer's cross-attention, computed once
/// and shared by all sequences that describe the image.
public final class CaptionMemory {
    /// Tokens of the image, then pieces of names of things.
    let tokens: Int
    /// [tokens, layers, k|v]
    let keysValues: FloatBuffer
    /// The names' pieces that may be copied, and their keys [pieces, d]; nil without any.
    let copies: (pieces: [ThingPiece], keys: FloatBuffer)?

    init(tokens: Int, keysValues: FloatBuffer, copies: (pieces: [ThingPiece], keys: FloatBuffer)?) {
        self.tokens = tokens
        self.keysValues = keysValues
        self.copies = copies
    }
}
