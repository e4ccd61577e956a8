/// A long sound cut into pieces that overlap, of which the letters of the middle are kept, as transformers' pipeline does it with
/// `chunk_length_s=30`: five seconds at either end are heard for the sake of the others, but for the sound's own ends.
struct SpeechCut: Sendable {
    /// Seconds of a piece: a sound that is no longer is heard as a whole.
    static let seconds = 30
    /// Pieces overlap by a third: by a sixth at either end.
    private static let overlap = 6.0

    /// A piece of a sound.
    struct Piece: Equatable {
        /// What is heard.
        let samples: Range<Int>
        /// Which of its frames count. The last may not be there.
        let frames: Range<Int>
    }

    private let samplesPerFrame: Int
    private let length: Int
    private let margin: Int

    init(sampleRate: Int, samplesPerFrame: Int) {
        self.samplesPerFrame = samplesPerFrame
        // Whole frames, halves to even as Python rounds.
        func samples(_ seconds: Double) -> Int {
            let frames = seconds * Double(sampleRate) / Double(samplesPerFrame)
            return Int(frames.rounded(.toNearestOrEven)) * samplesPerFrame
        }
        length = samples(Double(Self.seconds))
        margin = samples(Double(Self.seconds) / Self.overlap)
    }

    /// The pieces of that many samples.
    func pieces(of count: Int) -> [Piece] {
        var pieces: [Piece] = []
        for start in stride(from: 0, to: count, by: length - 2 * margin) {
            let end = min(start + length, count)
            let isLast = start + length >= count
            let left = start == 0 ? 0 : margin
            if end - start > left {
                let heard = Double(end - start)
                let total = (heard * (1 / Double(samplesPerFrame))).rounded(.toNearestOrEven)
                func frames(_ samples: Int) -> Int {
                    Int((Double(samples) / heard * total).rounded(.toNearestOrEven))
                }
                let kept = frames(left)
                pieces.append(
                    Piece(
                        samples: start..<end, frames: kept..<max(kept, Int(total) - frames(isLast ? 0 : margin))))
            }
            if isLast { break }
        }
        return pieces
    }
}
