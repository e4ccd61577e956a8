import Testing

@testable import Tensor

@Suite struct `Matrix product` {
    @Test(arguments: KernelSet.available.map(\.name))
    func `a weight is kept in half the bytes only where nothing is lost`(name: String) throws {
        let kernels = try #require(KernelSet.available.first { $0.name == name })
        let pool = ComputePool(threads: 1)
        func product(_ value: Float) -> (isHalf: Bool, result: Float) {
            let weight = withUnsafeBytes(of: value) {
                PackedMatrix($0, element: .float32, outputs: 1, inputs: 1, storage: .fastest, kernels: kernels)
            }
            let (x, y) = (FloatBuffer([1]), FloatBuffer(count: 1))
            MatrixProduct.apply(x.pointer, rows: 1, weight, bias: nil, into: y.pointer, pool: pool)
            return (weight.isHalf, y.pointer[0])
        }
        // The largest, the smallest normal, the subnormal ones at both ends, and whatever lies between.
        var exact: [Float] = [0, -0.0, 1, -1.5, 65504, -65504, 0x1p-14, 0x1.ff8p-15, -0x1p-24, 0x1.8p-23]
        exact += (0..<200).map { Float(Float16(bitPattern: UInt16($0 * 157 + 3))) }
        for value in exact {
            let (isHalf, result) = product(value)
            #expect(isHalf == kernels.table.pointee.prefers_half && result == value, "\(value)")
        }
        for value: Float in [1 / 3, 65536, 65520, 0x1.002p0, 0x1p-25, 0x1.8p-24, 0x1.ffcp-15, 0x1.4p-23, -1e-30] {
            let (isHalf, result) = product(value)
            #expect(!isHalf && result == value, "\(value)")
        }
        #expect(!product(.infinity).isHalf && !product(.nan).isHalf)
    }

    @Test(arguments: KernelSet.available.map(\.name))
    func `agrees with a plain loop for every shape and epilogue`(name: String) throws {
        let kernels = try #require(KernelSet.available.first { $0.name == name })
        let pool = ComputePool(threads: 2)
        var numbers = Numbers(seed: 1)
        for (rows, inputs, outputs) in [(1, 5, 3), (2, 16, 16), (3, 7, 33), (15, 40, 88), (29, 24, 130), (81, 35, 24)] {
            let x = FloatBuffer(numbers.take(rows * inputs))
            let w = numbers.take(outputs * inputs)
            let b = FloatBuffer(numbers.take(outputs))
            let weight = w.withUnsafeBytes {
                PackedMatrix($0, element: .float32, outputs: outputs, inputs: inputs, kernels: kernels)
            }
            for activation in [Activation.none, .relu6, .relu, .gelu, .tanhGELU, .quickGELU, .silu] {
                for withResidual in [false, true] {
                    let residual = FloatBuffer(numbers.take(rows * outputs))
                    let y = FloatBuffer(count: rows * outputs)
                    MatrixProduct.apply(
                        x.pointer, rows: rows, weight, bias: b.pointer, activation: activation,
                        residual: withResidual ? residual.pointer : nil, into: y.pointer, pool: pool)
                    for row in 0..<rows {
                        for output in 0..<outputs {
                            var sum = Double(b.pointer[output])
                            for i in 0..<inputs {
                                sum += Double(x.pointer[row * inputs + i]) * Double(w[output * inputs + i])
                            }
                            let expected =
                                apply(activation, sum)
                                + (withResidual ? Double(residual.pointer[row * outputs + output]) : 0)
                            let got = Double(y.pointer[row * outputs + output])
                            #expect(abs(got - expected) < 1e-5, "\(rows)×\(inputs)×\(outputs) at \(row), \(output)")
                        }
                    }
                }
            }
        }
    }
}
