import Foundation
import Testing

@testable import Tensor

@Suite struct `Convolutions over time` {
    /// The definition, in double precision: groups of channels that do not see each other, taps/2 rows of zeros first.
    private func expected(
        _ x: [Float], rows: Int, weight: [Float], bias: [Float], groups: Int, taps: Int, _ activation: Activation
    ) -> [Float] {
        let channels = bias.count
        let width = channels / groups
        var y: [Float] = []
        for row in 0..<rows {
            for output in 0..<channels {
                var sum = Double(bias[output])
                for tap in 0..<taps {
                    let from = row + tap - taps / 2
                    guard (0..<rows).contains(from) else { continue }
                    for channel in 0..<width {
                        let input = x[from * channels + output / width * width + channel]
                        sum += Double(input) * Double(weight[(output * width + channel) * taps + tap])
                    }
                }
                y.append(Float(apply(activation, sum)))
            }
        }
        return y
    }

    @Test(arguments: [(6, 3, 4, 1), (48, 16, 9, 5), (40, 2, 16, 70), (15, 5, 7, 3)])
    func `see the groups of their channels alone, in place, the same on any threads`(
        _ channels: Int, _ groups: Int, _ taps: Int, _ rows: Int
    ) {
        var numbers = Numbers(seed: 8)
        let x = numbers.take(rows * channels)
        let weight = numbers.take(channels * channels / groups * taps)
        let bias = numbers.take(channels)
        let right = expected(x, rows: rows, weight: weight, bias: bias, groups: groups, taps: taps, .gelu)
        for kernels in KernelSet.available {
            let convolution = GroupedConvolution(
                weight: weight, bias: bias, channels: channels, groups: groups, taps: taps, activation: .gelu,
                kernels: kernels)
            let frame = FloatBuffer([Float](repeating: .nan, count: convolution.frameCount(rows: rows)))
            var answers: [[Float]] = []
            for threads in [1, 3] {
                let (y, residual) = (FloatBuffer(x), FloatBuffer(x))
                withExtendedLifetime((frame, residual)) {
                    convolution(
                        y.pointer, rows: rows, residual: residual.pointer, frame: frame.pointer, into: y.pointer,
                        pool: ComputePool(threads: threads))
                }
                answers.append(y.elements)
            }
            #expect(answers[0] == answers[1])
            #expect(distance(zip(answers[0], x).map { $0 - $1 }, right) < 1e-4, "\(kernels.name)")
        }
    }

    /// PyTorch's definition: a convolution of one channel, then each output channel with mean 0 and variance 1 over time.
    private func expected(
        _ x: [Float], weight: [Float], scale: [Float], shift: [Float], taps: Int, stride step: Int
    ) -> [Float] {
        let windows = (x.count - taps) / step + 1
        var y = [Float](repeating: 0, count: windows * scale.count)
        for output in scale.indices {
            let values = (0..<windows).map { window in
                (0..<taps).reduce(0.0) { $0 + Double(x[window * step + $1]) * Double(weight[output * taps + $1]) }
            }
            let mean = values.reduce(0, +) / Double(windows)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(windows)
            for (window, value) in values.enumerated() {
                let normed = (value - mean) / (variance + 1e-5).squareRoot()
                y[window * scale.count + output] = Float(
                    apply(.gelu, normed * Double(scale[output]) + Double(shift[output])))
            }
        }
        return y
    }

    @Test(arguments: [(10, 5, 400, Float(0)), (10, 5, 10, 0), (3, 3, 91, 4), (16, 8, 1000, -0.5)])
    func `are normalised over the whole clip`(_ taps: Int, _ step: Int, _ count: Int, _ offset: Float) {
        var numbers = Numbers(seed: 9)
        let outputs = 21
        let x = numbers.take(count).map { $0 * 0.2 + offset }
        let (weight, scale, shift) = (numbers.take(outputs * taps), numbers.take(outputs), numbers.take(outputs))
        let right = expected(x, weight: weight, scale: scale, shift: shift, taps: taps, stride: step)
        let convolution = ClipNormConvolution(
            weight: weight, scale: scale, shift: shift, epsilon: 1e-5, taps: taps, stride: step)
        let samples = FloatBuffer(x)
        let windows = right.count / outputs
        let y = FloatBuffer(count: right.count)
        withExtendedLifetime(samples) {
            let folded = convolution.folded(over: samples.pointer, count: count)
            folded(samples.pointer, windows: windows, activation: .gelu, into: y.pointer, pool: ComputePool(threads: 2))
            #expect(distance(y.elements, right) < 1e-4)
            // A window is the same by itself, whatever is computed beside it.
            let last = FloatBuffer(count: outputs)
            folded(
                samples.pointer + (windows - 1) * step, windows: 1, activation: .gelu, into: last.pointer,
                pool: ComputePool(threads: 1))
            #expect(last.elements == Array(y.elements.suffix(outputs)))
        }
    }

    @Test func `of a clip that never changes are what the shift is`() {
        let convolution = ClipNormConvolution(
            weight: [1, -2, 0.5, 3], scale: [2, 1], shift: [0.25, -1], epsilon: 1e-5, taps: 2, stride: 1)
        let (samples, y) = (FloatBuffer([Float](repeating: 0.7, count: 30)), FloatBuffer(count: 2))
        withExtendedLifetime(samples) {
            let folded = convolution.folded(over: samples.pointer, count: 30)
            folded(samples.pointer, windows: 1, activation: .none, into: y.pointer, pool: ComputePool(threads: 1))
        }
        #expect(distance(y.elements, [0.25, -1]) < 1e-3)
    }
}
