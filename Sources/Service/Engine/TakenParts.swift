import Tasks

/// The parts of a request as the model's inputs.
struct TakenParts: Sendable {
    /// For each part that was there, what its tower takes.
    var inputs: [String: TowerInput] = [:]
    /// What was understood, for the answer, in the order of the head's inputs.
    var understood: [UnderstoodInput] = []
    /// The faces that were found in an image, the largest first; nil where none was looked for. Where there are any, the
    /// largest is the image's input.
    var faces: [TakenFace]?
    /// How long they waited for a decoder, and how long decoding took.
    var waited = Duration.zero
    var took = Duration.zero
    /// What is kept of the parts to show where they were looked at, in the same order; nothing unless asked for.
    var sources: [(part: String, source: PartSource)] = []
    /// The memory of the inputs, set aside until they are computed with.
    var memory: [MemoryReservation] = []

    /// The image tower's input of a part.
    func pixels(_ part: String) -> [Float]? {
        if case .pixels(let pixels)? = inputs[part] { pixels } else { nil }
    }
}
