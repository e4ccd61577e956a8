import Testing

@testable import Tensor

@Suite struct `Matrix product` {
    @Test(arguments: KernelSet.available.map(\.name))
    func `a weight is kept in half the bytes only where nothing is lost`(name: String) throws {
        let kernels = try #require(KernelSet.available.first { $0.name == name })
        let pool = ComputePool(threads: 1)
        func product(_ value: Float) -> (element: WeightElement, result: Float) {
            let weight = withUnsafeBytes(of: value) {
                PackedMatrix($0, element: .float32, outputs: 1, inputs: 1, storage: .fastest, kernels: kernels)
            }
            let (x, y) = (FloatBuffer([1]), FloatBuffer(count: 1))
            MatrixProduct.apply(x.pointer, rows: 1, weight, bias: nil, into: y.pointer, pool: pool)
            return (weight.element, y.pointer[0])
        }
        // The largest, the smallest normal, the subnormal ones at both ends, and whatever lies between.
        var exact: [Float] = [0, -0.0, 1, -1.5, 65504, -65504, 0x1p-14, 0x1.ff8p-15, -0x1p-24, 0x1.8p-23]
        exact += (0..<200).map { Float(Float16(bitPattern: UInt16($0 * 157 + 3))) }
        for value in exact {
            let (element, result) = product(value)
            #expect((element == .float16) == kernels.table.pointee.prefers_half && result == value, "\(value)")
        }
        for value: Float in [1 / 3, 65536, 65520, 0x1.002p0, 0x1p-25, 0x1.8p-24, 0x1.ffcp-15, 0x1.4p-23, -1e-30] {
            let (element, result) = product(value)
            #expect(element == .float32 && result == value, "\(value)")
        }
        #expect(product(.infinity).element == .float32 && product(.nan).element == .float32)
    }

    /// A weight of 16 bits stays as large as it is in its file, and every sum is that of the same numbers as floats.
    @Test(arguments: KernelSet.available.map(\.name))
    func `weights of 16 bits are kept in 16, with the same result`(name: String) throws {
        let kernels = try #require(KernelSet.available.first { $0.name == name })
        let pool = ComputePool(threads: 2)
        var numbers = Numbers(seed: 4)
        for (rows, inputs, outputs) in [(1, 40, 33), (5, 7, 16), (29, 48, 530), (300, 1030, 700), (200, 40, 33)] {
            let x = FloatBuffer(numbers.take(rows * inputs))
            let (bias, residual) = (FloatBuffer(numbers.take(outputs)), FloatBuffer(numbers.take(rows * outputs)))
            let stored = numbers.take(outputs * inputs)
            func product<Bits>(_ bits: [Bits], _ element: WeightElement) -> (PackedMatrix, [Float]) {
                let weight = bits.withUnsafeBytes {
                    PackedMatrix($0, element: element, outputs: outputs, inputs: inputs, kernels: kernels)
                }
                let y = FloatBuffer(count: rows * outputs)
                MatrixProduct.apply(
                    x.pointer, rows: rows, weight, bias: bias.pointer, activation: .gelu, residual: residual.pointer,
                    into: y.pointer, pool: pool)
                return (weight, Array(UnsafeBufferPointer(start: y.pointer, count: rows * outputs)))
            }
            let upper = stored.map { UInt16($0.bitPattern >> 16) }
            let (weight, found) = product(upper, .bfloat16)
            #expect(weight.element == .bfloat16)
            #expect(weight.byteCount == (outputs + 15) / 16 * 16 * inputs * 2)
            #expect(found == product(upper.map { Float(bitPattern: UInt32($0) << 16) }, .float32).1)
            let halves = stored.map { Float16($0) }
            let (half, ofHalves) = product(halves.map(\.bitPattern), .float16)
            #expect((half.element == .float16) == kernels.table.pointee.takes_half)
            #expect(ofHalves == product(halves.map(Float.init), .float32).1)
        }
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
