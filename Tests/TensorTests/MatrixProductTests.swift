import Testing

@testable import Tensor

@Suite struct `Matrix product` {
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
            for activation in [Activation.none, .relu6, .relu, .gelu] {
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
