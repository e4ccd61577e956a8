import Tensor

/// What the decoder keeps of one image, shared by all sequences that describe the image.
public final class CaptionMemory {
    /// Tokens of the image, then pieces of names of things.
    let attended: CrossAttentionMemory
    /// The names' pieces that may be copied, and their keys [pieces, d]; nil without any.
    let copies: (pieces: [ThingPiece], keys: FloatBuffer)?

    init(_ attended: CrossAttentionMemory, copies: (pieces: [ThingPiece], keys: FloatBuffer)? = nil) {
        self.attended = attended
        self.copies = copies
    }
}
