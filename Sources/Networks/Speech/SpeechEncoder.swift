import Checkpoint
import Glibc
import Tensor

/// An encoder of raw speech: wav2vec 2.0, HuBERT or WavLM. Convolutions make a frame of every 20 ms, one more tells frames where they are,
/// and transformer layers let all frames of a sound see each other.
///
/// One sound at a time: padding would change what the first convolution's norm makes of it.
public final class SpeechEncoder: Sendable {
    private let configuration: SpeechConfiguration
    private let features: SpeechFeatures
    private let positions: SpeechPositions
    private let norm: LayerNorm
    private let layers: [SpeechLayer]
    private let distances: SpeechDistances?
    /// The shares of all states in the result; nil where the last is the result.
    private let shares: [Float]?

    /// Reads the tensors of the base model.
    /// - Parameter layerWeights: what a head weighs states by, before the softmax; nil for one that reads the last.
    public init(_ weights: Weights, _ configuration: SpeechConfiguration, layerWeights: [Float]? = nil) {
        self.configuration = configuration
        features = SpeechFeatures(weights, configuration)
        let encoder = weights["encoder"]
        positions = SpeechPositions(encoder["pos_conv_embed"], configuration)
        norm = encoder.layerNorm(
            "layer_norm", configuration.hiddenSize, epsilon: configuration.layerNormEpsilon)
        layers = (0..<configuration.layers).map { SpeechLayer(encoder["layers.\($0)"], configuration) }
        distances =
            configuration.family == .wavlm
            ? SpeechDistances(encoder["layers.0.attention"], configuration) : nil
        shares = layerWeights.map { values in
            let exponentials = values.map { exp(Double($0) - Double(values.max() ?? 0)) }
            let sum = exponentials.reduce(0, +)
            return exponentials.map { Float($0 / sum) }
        }
    }

    /// Frames of that many samples.
    public func frames(ofSamples count: Int) -> Int { features.frames(ofSamples: count) }

    /// Begins a sound. One without samples for a frame is the caller's mistake and stops the program.
    public func begin(_ samples: ArraySlice<Float>) -> SpeechEncoding {
        let frames = frames(ofSamples: samples.count)
        precondition(frames > 0, "\(samples.count) samples make no frame")
        return SpeechEncoding(
            configuration.normalizesClips ? Self.normalized(samples) : FloatBuffer(samples), frames: frames,
            width: configuration.hiddenSize, sums: shares != nil)
    }

    /// Mean 0 and variance 1, as `Wav2Vec2FeatureExtractor` does it.
    private static func normalized(_ samples: ArraySlice<Float>) -> FloatBuffer {
        let count = Double(samples.count)
        let mean = samples.reduce(0.0) { $0 + Double($1) } / count
        let variance = samples.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / count
        let factor = 1 / (variance + 1e-7).squareRoot()
        return FloatBuffer(samples.map { Float((Double($0) - mean) * factor) })
    }

    /// Frames that are made in one piece: five seconds.
    private static let framesOfPiece = 256

    /// Computes the next piece; whether the result is there.
    public func advance(_ sound: SpeechEncoding, workspace: Workspace, pool: ComputePool) -> Bool {
        let (rows, x, normed) = (sound.frames, sound.x.pointer, sound.normed.pointer)
        guard sound.made == rows else {
            if sound.made == 0 { sound.clipNorm = features.clipNorm(sound.samples) }
            let frames = sound.made..<min(sound.made + Self.framesOfPiece, rows)
            features.apply(
                sound.samples, frames: frames, clipNorm: sound.clipNorm,
                into: x + frames.lowerBound * configuration.hiddenSize, workspace: workspace, pool: pool)
            sound.made = frames.upperBound
            guard sound.made == rows else { return false }
            positions.apply(x, rows: rows, normed: normed, workspace: workspace, pool: pool)
            if !configuration.isStable { norm.apply(x, rows: rows, into: x, pool: pool) }
            add(sound)
            return false
        }
        let layer = layers[sound.halves / 2]
        if sound.halves % 2 == 0 {
            layer.attend(
                x, rows: rows, normed: normed, wide: sound.wide.pointer, distances: distances, workspace: workspace,
                pool: pool)
        } else {
            layer.feedForward(x, rows: rows, normed: normed, workspace: workspace, pool: pool)
        }
        sound.halves += 1
        if sound.halves % 2 == 0 { add(sound) }
        guard sound.halves == 2 * layers.count else { return false }
        if configuration.isStable, sound.sum == nil { norm.apply(x, rows: rows, into: x, pool: pool) }
        return true
    }

    /// Adds the state that was just reached to the sum of all, where one is wanted. The last is taken before the final norm.
    private func add(_ sound: SpeechEncoding) {
        guard let shares, let sum = sound.sum else { return }
        let (share, x) = (shares[sound.halves / 2], sound.x.pointer)
        for index in 0..<sound.x.count { sum.pointer[index] += share * x[index] }
    }
}

/// A sound that is being encoded, piece by piece: between two pieces others may compute.
public final class SpeechEncoding {
    /// Frames of the sound.
    public let frames: Int

    fileprivate let samples: FloatBuffer
    fileprivate var clipNorm: ClipNormConvolution.Folded?
    /// [frames, d] each, and [frames, q|k|v].
    fileprivate let x: FloatBuffer, normed: FloatBuffer, wide: FloatBuffer
    fileprivate let sum: FloatBuffer?
    /// Frames that are made, and halves of layers that are done.
    fileprivate var made = 0, halves = 0
    private let width: Int

    /// Numbers that are held for a frame while it is encoded, for each of a state.
    public static let statesOfFrame = 6

    fileprivate init(_ samples: FloatBuffer, frames: Int, width: Int, sums: Bool) {
        self.samples = samples
        self.frames = frames
        self.width = width
        x = FloatBuffer(count: frames * width)
        normed = FloatBuffer(count: frames * width)
        wide = FloatBuffer(count: frames * 3 * width)
        sum = sums ? FloatBuffer(count: frames * width) : nil
    }

    /// The result [frames, d], once it is there.
    var states: UnsafeMutablePointer<Float> { (sum ?? x).pointer }

    /// The mean of the result over time [d].
    public var mean: [Float] {
        let mean = FloatBuffer(count: width)
        meanPool(states, rows: frames, width: width, into: mean.pointer)
        return mean.elements
    }
}

/// The layer that gives each frame of speech its letter.
public struct LetterHead: Sendable {
    private let linear: Linear
    /// Letters that there are.
    public let letters: Int

    /// Reads `lm_head`.
    public init(_ weights: Weights, _ configuration: SpeechConfiguration, letters: Int) {
        self.letters = letters
        linear = weights.linear("lm_head", configuration.hiddenSize, letters)
    }

    /// The logits [frames, letters] of a sound that is encoded.
    public func logits(_ sound: SpeechEncoding, pool: ComputePool) -> [Float] {
        let result = FloatBuffer(count: sound.frames * letters)
        linear.apply(sound.states, rows: sound.frames, into: result.pointer, pool: pool)
        return result.elements
    }

    /// The likeliest letter of each frame; of two that are equal the first.
    public func likeliest(_ sound: SpeechEncoding, pool: ComputePool) -> [Int] {
        let logits = logits(sound, pool: pool)
        return (0..<sound.frames).map { frame in
            var best = frame * letters
            for place in best..<best + letters where logits[place] > logits[best] { best = place }
            return best - frame * letters
        }
    }
}
