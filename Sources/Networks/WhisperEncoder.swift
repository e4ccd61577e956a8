import Checkpoint
import Tensor

/// The audio tower: the encoder of Whisper (Radford et al. 2022), over a clip's own length instead of 30 padded seconds.
///
///     x = gelu(conv2(gelu(conv1(mel)))) + positions            two frames of 10 ms become a token
///     x += attention(norm(x));  x += down(gelu(up(norm(x))))   per layer (pre-LN)
///
/// The windows of a batch stand one below the other without padding: matrix products run over all rows at once,
/// convolutions and attention within each window. So a clip's tokens do not depend on the batch that it is in.
public final class WhisperEncoder: Sendable {
    let configuration: SensoriumConfiguration.AudioTower
    private let convolutions: (ConvolutionMatrix, ConvolutionMatrix)
    private let positions: [Float]  // [positions, d]
    let layers: [WhisperEncoderLayer]
    let finalNorm: LayerNorm?

    /// Reads the tensors, with Hugging Face's names.
    /// - Parameter activation: what follows the convolutions is always GELU; this is for the feed-forward layers.
    public init(
        _ weights: Weights, _ configuration: SensoriumConfiguration.AudioTower, activation: HiddenActivation = .gelu
    ) {
        self.configuration = configuration
        let width = configuration.hiddenSize
        let epsilon = configuration.layerNormEpsilon
        convolutions = (
            ConvolutionMatrix(weights["conv1"], configuration.melBins, width, taps: [3]),
            ConvolutionMatrix(weights["conv2"], width, width, taps: [3])
        )
        positions = weights.floats("embed_positions.weight", [configuration.maxPositions, width])
        layers = (0..<configuration.layers).map { index in
            WhisperEncoderLayer(
                weights["layers.\(index)"], configuration, activation: Activation(activation))
        }
        finalNorm = configuration.finalNorm ? weights.layerNorm("layer_norm", width, epsilon: epsilon) : nil
    }

    /// Tokens of a window of so many frames of 10 ms.
    public static func tokens(ofFrames frames: Int) -> Int { (frames + 1) / 2 }

    /// The most rows computed at once: windows beyond it wait, so that memory stays at 14 MB for Whisper tiny.
    private static let rowsAtOnce = 1500

    /// One window's place in the batch.
    private struct Window {
        let mel: [Float]
        let frames: Int
        let clip: Int
        /// The window's first token among its clip's.
        let offset: Int

        var tokens: Int { WhisperEncoder.tokens(ofFrames: frames) }
    }

    /// Clips, each as the log-mel spectrograms [frames, bins] of its windows → their hidden states 0...`lastState`
    /// [states, tokens, d], window after window. State 0 is what the convolutions and the positions give, state i what
    /// layer i gives; the last of all has been through the final norm if the tower has one. `lastState` nil: all states;
    /// layers beyond it are not computed.
    ///
    /// A clip without windows, a window without frames or with more than there are positions, or a state that there is
    /// not, is the caller's mistake and stops the program.
    /// - Parameter pause: called after the convolutions and twice in each layer; what is computed then must have a workspace
    ///   of its own.
    public func encode(
        _ clips: [[[Float]]], lastState: Int? = nil, workspace: Workspace, pool: ComputePool, pause: () -> Void = {}
    ) -> [TowerTokens] {
        let lastState = lastState ?? layers.count
        precondition((0...layers.count).contains(lastState), "state \(lastState) of \(layers.count) layers")
        let (windows, tokens) = split(clips)
        let width = configuration.hiddenSize
        var values = tokens.map { [Float](repeating: 0, count: (lastState + 1) * $0 * width) }
        for batch in RowSpans.batches(windows.map(\.tokens), atMost: Self.rowsAtOnce) {
            encode(windows[batch], lastState: lastState, workspace, pool, pause) { state, x in
                var row = x
                for window in windows[batch] {
                    let count = window.tokens * width
                    let start = (state * tokens[window.clip] + window.offset) * width
                    values[window.clip].withUnsafeMutableBufferPointer { values in
                        // `x` has `rows` rows, which the windows of the batch share out.
                        _ = values[start..<start + count].update(
                            fromContentsOf: UnsafeBufferPointer(start: row, count: count))
                    }
                    row += count
                }
            }
        }
        return zip(tokens, values).map { TowerTokens(states: lastState + 1, tokens: $0, width: width, values: $1) }
    }

    /// All windows, and the tokens of each clip.
    private func split(_ clips: [[[Float]]]) -> (windows: [Window], tokens: [Int]) {
        var windows: [Window] = []
        var tokens: [Int] = []
        for (clip, mels) in clips.enumerated() {
            var offset = 0
            for mel in mels {
                let frames = mel.count / configuration.melBins
                precondition(
                    mel.count == frames * configuration.melBins && frames > 0
                        && Self.tokens(ofFrames: frames) <= configuration.maxPositions,
                    "a window of \(mel.count) numbers is not 1 to \(2 * configuration.maxPositions) frames")
                windows.append(Window(mel: mel, frames: frames, clip: clip, offset: offset))
                offset += Self.tokens(ofFrames: frames)
            }
            tokens.append(offset)
        }
        return (windows, tokens)
    }

    private func encode(
        _ windows: ArraySlice<Window>, lastState: Int, _ workspace: Workspace, _ pool: ComputePool,
        _ pause: () -> Void, _ give: (_ state: Int, _ x: UnsafePointer<Float>) -> Void
    ) {
        let width = configuration.hiddenSize
        let inner = configuration.intermediateSize
        let spans = RowSpans(windows.map(\.tokens))
        let rows = spans.total
        let paddedFrames = windows.reduce(0) { max($0, $1.frames) } + 2
        let wideCount = max(rows * max(3 * width, inner), paddedFrames * (configuration.melBins + width))
        workspace.begin(rows * width, rows * width, wideCount)
        let x = workspace.take(rows * width)  // [rows, d]
        let normed = workspace.take(rows * width)  // [rows, d]
        let wide = workspace.take(wideCount)  // the convolutions' rows, then [rows, q|k|v], then [rows, inner]

        convolve(windows, scratch: wide, into: x, pool)
        give(0, x)
        pause()
        for (index, layer) in layers.prefix(lastState).enumerated() {
            layer.attend(x, spans, normed: normed, wide: wide, pool: pool)
            pause()
            layer.feedForward(x, rows: rows, normed: normed, wide: wide, pool: pool)
            if index == layers.count - 1, let finalNorm { finalNorm.apply(x, rows: rows, into: x, pool: pool) }
            give(index + 1, x)
            pause()
        }
    }

    /// x = gelu(conv2(gelu(conv1(mel)))) + positions, of each window by itself. Where time is the first axis, the three rows
    /// that a convolution looks at are one run of memory.
    private func convolve(
        _ windows: ArraySlice<Window>, scratch: UnsafeMutablePointer<Float>, into x: UnsafeMutablePointer<Float>,
        _ pool: ComputePool
    ) {
        var row = x
        for window in windows {
            convolve(window.mel[...], frames: window.frames, scratch: scratch, into: row, pool)
            row += window.tokens * configuration.hiddenSize
        }
    }

    /// The same of one window, whose spectrogram [frames, bins] may end early: what it lacks is zero.
    func convolve(
        _ spectrogram: ArraySlice<Float>, frames count: Int, scratch: UnsafeMutablePointer<Float>,
        into x: UnsafeMutablePointer<Float>, _ pool: ComputePool
    ) {
        let width = configuration.hiddenSize
        let bins = configuration.melBins
        let tokens = Self.tokens(ofFrames: count)
        // Both have a row of zeros at each end, the padding of the convolutions.
        let mel = scratch  // [frames + 2, bins]
        let frames = scratch + (count + 2) * bins  // [frames + 2, d]
        for index in 0..<bins { mel[index] = 0 }
        for (index, value) in spectrogram.enumerated() { mel[bins + index] = value }
        for index in bins + spectrogram.count..<(count + 2) * bins { mel[index] = 0 }
        convolutions.0.apply(mel, step: bins, rows: count, activation: .gelu, into: frames + width, pool: pool)
        for index in 0..<width { frames[index] = 0 }
        for index in 0..<width { frames[(count + 1) * width + index] = 0 }
        convolutions.1.apply(frames, step: 2 * width, rows: tokens, activation: .gelu, into: x, pool: pool)
        for index in 0..<tokens * width { x[index] += positions[index] }
    }

    /// Floats that a window's convolutions need.
    func convolutionCount(frames: Int) -> Int { (frames + 2) * (configuration.melBins + configuration.hiddenSize) }
}
