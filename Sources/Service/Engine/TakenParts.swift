import Media
import Tasks
import Tokenizer

/// A text as a text tower's input.
typealias TokenizedText = Tokenizer.Encoding

/// The parts of a request as the model's inputs.
struct TakenParts: Sendable {
    /// For each part that was there, what its tower takes.
    var inputs: [String: ModelInput] = [:]
    /// What was understood, for the answer, in the order of the head's inputs.
    var understood: [UnderstoodInput] = []
    /// The faces that were found in an image, the largest first; nil where none was looked for. Where there are any, the
    /// largest is the image's input.
    var faces: [TakenFace]?
    /// The picture in its own shape, where its words are to be read.
    var page: TakenPage?
    /// Its words, once they are read.
    var words: TakenWords?
    /// For each face in the picture how likely it is one, where faces were only to be counted.
    var faceScores: [Float] = []
    /// How long they waited for a decoder, and how long decoding took.
    var waited = Duration.zero
    var took = Duration.zero
    /// What is kept of the parts to show where they were looked at, in the same order; nothing unless asked for.
    var sources: [(part: String, source: PartSource)] = []
    /// The memory of the inputs, set aside until they are computed with.
    var memory: [MemoryReservation] = []

    /// Adds those of other parts of the same request; times are not theirs to say.
    mutating func add(_ other: TakenParts) {
        inputs.merge(other.inputs) { _, new in new }
        understood += other.understood
        faces = other.faces ?? faces
        page = other.page ?? page
        faceScores += other.faceScores
        sources += other.sources
        memory += other.memory
    }

    /// The image tower's input of a part.
    func pixels(_ part: String) -> [Float]? {
        if case .pixels(let pixels)? = inputs[part] { pixels } else { nil }
    }
}

/// A picture of a request whose words are to be read.
struct TakenPage: Sendable {
    /// The picture, small enough.
    let image: PixelImage
    /// The size of the upload, upright.
    let width: Int, height: Int

    /// Pixels of the upload for each of the picture, across and down.
    var scale: SIMD2<Float> { SIMD2(Float(width) / Float(image.width), Float(height) / Float(image.height)) }
}

/// The words that were read in the picture of a request.
struct TakenWords: Sendable {
    let read: ReadPage
    /// Pixels of the upload for each of the picture that they were read in, across and down.
    let scale: SIMD2<Float>
    /// How long that took, with the turns of others in between.
    let took: Duration
}
