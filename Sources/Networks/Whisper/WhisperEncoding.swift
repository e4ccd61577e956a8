import Tensor

/// A window of sound that is being encoded, piece by piece: between two pieces others may compute. A window of a large model takes
/// seconds.
public final class WhisperEncoding {
    /// The window's spectrogram [frames, bins]; frames that it lacks count as zero.
    fileprivate var mel: ArraySlice<Float>
    /// What was computed so far [tokens, d].
    let x: FloatBuffer
    let tokens: Int
    /// Pieces that are done: the convolutions, then two halves of each layer.
    fileprivate(set) var pieces = 0

    fileprivate init(mel: ArraySlice<Float>, tokens: Int, width: Int) {
        self.mel = mel
        self.tokens = tokens
        x = FloatBuffer(count: tokens * width)
    }
}

extension WhisperEncoder {
    /// Begins a window of the full length, the only one that published checkpoints take.
    ///
    /// A spectrogram that is no whole frames or longer than a window is the caller's mistake and stops the program.
    public func begin(_ mel: ArraySlice<Float>) -> WhisperEncoding {
        let (bins, tokens) = (configuration.melBins, configuration.maxPositions)
        precondition(
            mel.count % bins == 0 && mel.count <= 2 * tokens * bins,
            "\(mel.count) numbers are no window of \(2 * tokens) frames of \(bins)")
        return WhisperEncoding(mel: mel, tokens: tokens, width: configuration.hiddenSize)
    }

    /// Computes the next piece; whether the last hidden state is there.
    public func advance(_ window: WhisperEncoding, workspace: Workspace, pool: ComputePool) -> Bool {
        let (rows, width) = (window.tokens, configuration.hiddenSize)
        let x = window.x.pointer
        defer { window.pieces += 1 }
        if window.pieces == 0 {
            let count = convolutionCount(frames: 2 * rows)
            workspace.begin(count)
            convolve(window.mel, frames: 2 * rows, scratch: workspace.take(count), into: x, pool)
            window.mel = []
        } else if window.pieces <= 2 * layers.count {
            let wideCount = rows * max(3 * width, configuration.intermediateSize)
            workspace.begin(rows * width, wideCount)
            let normed = workspace.take(rows * width)  // [rows, d]
            let wide = workspace.take(wideCount)  // [rows, q|k|v], then [rows, inner]
            let layer = layers[(window.pieces - 1) / 2]
            if window.pieces % 2 == 1 {
                layer.attend(x, RowSpans([rows]), normed: normed, wide: wide, pool: pool)
            } else {
                layer.feedForward(x, rows: rows, normed: normed, wide: wide, pool: pool)
            }
        }
        guard window.pieces >= 2 * layers.count else { return false }
        finalNorm?.apply(x, rows: rows, into: x, pool: pool)
        return true
    }
}
