import Foundation
import Testing

@testable import Tensor

@Suite struct `Convolutions over centred windows` {
    private let pool = ComputePool(threads: 2)

    /// A sum over a window around each place, as the definition says it. `weight` [outputs, channels, rows, columns].
    private func expected(
        _ x: [Float], height: Int, width: Int, channels: Int, weight: [Float], bias: [Float], rows: Int, columns: Int,
        down: Int, across: Int, isDepthwise: Bool = false
    ) -> [Float] {
        let outputs = bias.count
        var y: [Float] = []
        for top in stride(from: 0, to: height, by: down) {
            for left in stride(from: 0, to: width, by: across) {
                for output in 0..<outputs {
                    var sum = Double(bias[output])
                    for row in 0..<rows {
                        for column in 0..<columns {
                            let (r, c) = (top + row - rows / 2, left + column - columns / 2)
                            guard (0..<height).contains(r), (0..<width).contains(c) else { continue }
                            for channel in isDepthwise ? output..<output + 1 : 0..<channels {
                                let inputs = isDepthwise ? 1 : channels
                                let from = isDepthwise ? 0 : channel
                                let place = ((output * inputs + from) * rows + row) * columns + column
                                sum += Double(x[(r * width + c) * channels + channel]) * Double(weight[place])
                            }
                        }
                    }
                    y.append(Float(sum))
                }
            }
        }
        return y
    }

    private func distance(_ a: [Float], _ b: [Float]) -> Float {
        a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
    }

    @Test(arguments: [(3, 3, 1), (3, 3, 2), (1, 3, 1), (1, 1, 1)])
    func `sum what is around each place`(_ rows: Int, _ columns: Int, _ step: Int) {
        var numbers = Numbers(seed: 5)
        let (height, width, channels, outputs) = (6, 8, 5, 20)
        let x = numbers.take(height * width * channels)
        let weight = numbers.take(outputs * channels * rows * columns)
        let bias = numbers.take(outputs)
        let convolution = WindowConvolution(
            weight: weight, bias: bias, outputs: outputs, channels: channels, rows: rows, columns: columns, stride: step
        )
        let frame = FloatBuffer(
            [Float](repeating: .nan, count: convolution.frameCount(height: height, width: width)))
        let y = FloatBuffer(count: height / step * width / step * outputs)
        let input = FloatBuffer(x)
        withExtendedLifetime((input, frame)) {
            convolution(
                input.pointer, height: height, width: width, frame: frame.pointer, into: y.pointer, pool: pool)
        }
        let right = expected(
            x, height: height, width: width, channels: channels, weight: weight, bias: bias, rows: rows,
            columns: columns, down: step, across: step)
        #expect(distance(y.elements, right) < 1e-5)
    }

    @Test(arguments: [(3, 1, 1), (3, 2, 2), (3, 1, 2), (3, 2, 1), (5, 1, 1), (5, 2, 2), (5, 2, 1), (5, 1, 2)])
    func `keep channels apart, with steps of their own down and across`(_ kernel: Int, _ down: Int, _ across: Int) {
        var numbers = Numbers(seed: 6)
        let (height, width, channels) = (8, 12, 37)
        let x = numbers.take(height * width * channels)
        let weight = numbers.take(channels * kernel * kernel)
        let bias = numbers.take(channels)
        let convolution = DepthwiseConvolution(
            weight: weight, bias: bias, channels: channels, kernel: kernel, stride: across, rowStride: down,
            isCentred: true, activation: .none)
        let size = convolution.outputSize(height: height, width: width)
        #expect(size == (height / down, width / across))
        let y = FloatBuffer(count: size.height * size.width * channels)
        let input = FloatBuffer(x)
        withExtendedLifetime(input) {
            convolution(input.pointer, batch: 1, height: height, width: width, into: y.pointer, pool: pool)
        }
        let right = expected(
            x, height: height, width: width, channels: channels, weight: weight, bias: bias, rows: kernel,
            columns: kernel, down: down, across: across, isDepthwise: true)
        #expect(distance(y.elements, right) < 1e-5)
    }
}

@Suite struct `Activations in place` {
    @Test(arguments: [7, 64, 40_000])
    func `are what they are called`(_ count: Int) {
        let pool = ComputePool(threads: 2)
        let x = (0..<count).map { Float($0 % 1000 - 500) / 50 }
        let (soft, hard, logistic) = (FloatBuffer(x), FloatBuffer(x), FloatBuffer(x))
        swish(soft.pointer, count: count, pool: pool)
        hardSwish(hard.pointer, count: count, scale: 1.5, shift: -0.25, pool: pool)
        sigmoid(logistic.pointer, count: count, pool: pool)
        for (index, x) in x.enumerated() {
            let share = 1 / (1 + exp(-Double(x)))
            #expect(abs(Double(logistic.pointer[index]) - share) < 1e-6)
            #expect(abs(Double(soft.pointer[index]) - Double(x) * share) < 1e-5)
            let expected = 1.5 * Double(x) * min(max(Double(x) + 3, 0), 6) / 6 - 0.25
            #expect(abs(Double(hard.pointer[index]) - expected) < 1e-5)
        }
    }
}
