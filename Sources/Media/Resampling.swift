import CImageCodecs
import Glibc

/// The filters of ``PixelImage/resized(width:height:_:)``, by Pillow's numbers, as in `preprocessor_config.json`.
public enum Resampling: Int, Sendable, CaseIterable {
    /// The input pixel under the middle of the output pixel: no sum at all.
    case nearest = 0
    /// A sinc of support 3, windowed by its own middle lobe.
    case lanczos = 1
    /// A triangle of support 1.
    case bilinear = 2
    /// Keys' cubic of support 2 with a = -0.5.
    case bicubic = 3
    /// The mean of the input pixels under the output pixel.
    case box = 4
    /// A sinc of support 1 in Hamming's window.
    case hamming = 5

    /// Half the width of the filter when it is not widened, in pixels.
    var support: Double {
        switch self {
        case .nearest, .box: 0.5
        case .bilinear, .hamming: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// Its value, where the filter is centred at 0. Of a box the lower end lies outside.
    fileprivate func value(at position: Double) -> Double {
        let x = abs(position)
        switch self {
        case .nearest, .box:
            return position > -0.5 && position <= 0.5 ? 1 : 0
        case .bilinear:
            return x < 1 ? 1 - x : 0
        case .hamming:
            guard x > 0, x < 1 else { return x == 0 ? 1 : 0 }
            return sinc(x) * (0.54 + 0.46 * cos(x * .pi))
        case .bicubic:
            let a = -0.5
            if x < 1 { return ((a + 2) * x - (a + 3)) * x * x + 1 }
            if x < 2 { return (((x - 5) * x + 8) * x - 4) * a }
            return 0
        case .lanczos:
            return position >= -3 && position < 3 ? sinc(x) * sinc(x / 3) : 0
        }
    }
}

private func sinc(_ x: Double) -> Double { x == 0 ? 1 : sin(x * .pi) / (x * .pi) }

/// For each output position along one side, which input positions it is a sum of, and with what weights.
///
/// Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc` (src/libImaging/Resample.c), operation by operation in doubles,
/// so that the fixed-point weights are the same numbers. When shrinking, the filter is widened by the factor: that is what
/// makes it antialiased.
struct ResamplingWeights {
    let stride: Int
    private(set) var starts: [Int32]
    private(set) var counts: [Int32]
    private(set) var weights: [Int32]

    init(from inputs: Int, to outputs: Int, _ filter: Resampling) {
        let scale = Double(inputs) / Double(outputs)
        guard filter != .nearest else {
            stride = 1
            // Step by step, as Pillow goes: where the last digit decides, it is the same one.
            starts = Array(sequence(first: scale * 0.5) { $0 + scale }.prefix(outputs)).map {
                Int32(min(Int($0), inputs - 1))
            }
            counts = [Int32](repeating: 1, count: outputs)
            weights = [Int32](repeating: 1 << Int32(codec_weight_bits), count: outputs)
            return
        }
        let widening = max(scale, 1)
        let support = filter.support * widening
        let stride = Int(support.rounded(.up)) * 2 + 1
        self.stride = stride
        starts = []
        counts = []
        weights = [Int32](repeating: 0, count: outputs * stride)
        starts.reserveCapacity(outputs)
        counts.reserveCapacity(outputs)
        var exact = [Double](repeating: 0, count: stride)
        let inverse = 1 / widening
        for output in 0..<outputs {
            let centre = (Double(output) + 0.5) * scale
            let first = max(Int(centre - support + 0.5), 0)
            let count = min(Int(centre + support + 0.5), inputs) - first
            var sum = 0.0
            for tap in 0..<count {
                let weight = filter.value(at: (Double(tap + first) - centre + 0.5) * inverse)
                exact[tap] = weight
                sum += weight
            }
            for tap in 0..<count {
                let weight = sum == 0 ? exact[tap] : exact[tap] / sum
                let scaled = weight * Double(1 << codec_weight_bits)
                weights[output * stride + tap] = Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5)
            }
            starts.append(Int32(first))
            counts.append(Int32(count))
        }
    }

    /// The weights for inputs and outputs that are both counted from the other end. The sums stay the same.
    func reversed(inputs: Int) -> ResamplingWeights {
        var other = self
        for output in starts.indices {
            let from = starts.count - 1 - output
            let count = Int(counts[from])
            other.starts[output] = Int32(inputs) - starts[from] - counts[from]
            other.counts[output] = counts[from]
            for tap in 0..<stride {
                other.weights[output * stride + tap] =
                    tap < count ? weights[from * stride + count - 1 - tap] : 0
            }
        }
        return other
    }

    /// The weights as C sees them, valid inside `body`.
    func withWeights<Result>(_ body: (UnsafePointer<codec_weights>) -> Result) -> Result {
        starts.withUnsafeBufferPointer { starts in
            counts.withUnsafeBufferPointer { counts in
                weights.withUnsafeBufferPointer { weights in
                    var view = codec_weights(
                        outputs: Int32(starts.count), stride: Int32(stride), starts: starts.baseAddress,
                        counts: counts.baseAddress, weights: weights.baseAddress)
                    return body(&view)
                }
            }
        }
    }
}
