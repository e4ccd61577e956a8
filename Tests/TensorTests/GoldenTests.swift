import Testing

@testable import Tensor

@Suite struct `Operations agree with PyTorch` {
    let pool = ComputePool(threads: 2)

    @Test(arguments: kernelNames) func `layer norm of each row`(name: String) throws {
        var numbers = Numbers(seed: 11)
        let x = FloatBuffer(numbers.take(500).map { $0 * 3 })
        let weight = FloatBuffer(numbers.take(100))
        let bias = FloatBuffer(numbers.take(100))
        layerNorm(
            x.pointer, rows: 5, width: 100, weight: weight.pointer, bias: bias.pointer, epsilon: 1e-5, into: x.pointer,
            pool: pool, kernels: try kernelSet(name))
        #expect(distance(x.elements, try golden("layer_norm")) < 1e-6)
    }

    @Test(arguments: kernelNames) func `softmax of each row`(name: String) throws {
        var numbers = Numbers(seed: 12)
        let x = FloatBuffer(numbers.take(280).map { $0 * 20 })
        softmax(x.pointer, rows: 4, width: 70, into: x.pointer, pool: pool, kernels: try kernelSet(name))
        let expected = try golden("softmax")
        #expect(distance(x.elements, expected) < 3e-7)
    }

    @Test(arguments: kernelNames) func `GELU to the last digits of a float`(name: String) throws {
        var numbers = Numbers(seed: 13)
        let x = FloatBuffer(numbers.take(500).map { $0 * 6 })
        gelu(x.pointer, count: 500, kernels: try kernelSet(name))
        #expect(distance(x.elements, try golden("gelu")) < 5e-7)
    }

    @Test(
        arguments: kernelNames,
        [(Activation.gelu, "gelu"), (.tanhGELU, "gelu_tanh"), (.quickGELU, "quick_gelu"), (.silu, "silu")])
    func `activations of a product to the last digits of a float`(
        name: String, activation: (Activation, String)
    ) throws {
        var numbers = Numbers(seed: 13)
        let x = FloatBuffer(numbers.take(500).map { $0 * 6 })
        let kernels = try kernelSet(name)
        let one = withUnsafeBytes(of: Float(1)) {
            PackedMatrix($0, element: .float32, outputs: 1, inputs: 1, kernels: kernels)
        }
        MatrixProduct.apply(
            x.pointer, rows: 500, one, bias: nil, activation: activation.0, into: x.pointer, pool: pool)
        #expect(distance(x.elements, try golden(activation.1)) < 1e-6)
    }

    @Test(arguments: kernelNames) func `normalisation of each row by its root mean square`(name: String) throws {
        var numbers = Numbers(seed: 14)
        let x = FloatBuffer(numbers.take(5 * 84).map { $0 * 3 })
        let weight = FloatBuffer(numbers.take(84))
        rmsNorm(
            x.pointer, rows: 5, width: 84, weight: weight.pointer, epsilon: 1e-5, into: x.pointer, pool: pool,
            kernels: try kernelSet(name))
        #expect(distance(x.elements, try golden("rms_norm")) < 1e-6)
    }

    @Test(arguments: kernelNames, [(20, 7, false), (36, 81, false), (40, 50, true), (72, 33, true), (80, 197, false)])
    func `attention over heads of other widths, many queries and one, two sharing their keys`(
        name: String, shape: (Int, Int, Bool)
    ) throws {
        let (width, keys, causal) = shape
        let (heads, keyHeads, queries) = (6, 3, 9)
        var numbers = Numbers(seed: UInt64(100 + width + keys))
        let query = FloatBuffer(numbers.take(queries * heads * width).map { $0 * 2 })
        let key = FloatBuffer(numbers.take(keys * keyHeads * width).map { $0 * 2 })
        let value = FloatBuffer(numbers.take(keys * keyHeads * width))
        let shape = AttentionShape(heads: heads, keyHeads: keyHeads, headWidth: width)
        let expected = try golden("attention_\(width)_\(keys)")
        for rows in [queries, 1] {
            let output = FloatBuffer(count: queries * heads * width)
            for first in stride(from: 0, to: queries, by: rows) {
                let start = first * heads * width
                attention(
                    query: query.pointer + start, queryRows: rows, keys: key.pointer, values: value.pointer,
                    keyRows: keys, shape: shape, causalOffset: causal ? keys - queries + first : nil,
                    into: output.pointer + start, pool: pool, kernels: try kernelSet(name))
            }
            #expect(distance(output.elements, expected) < 2e-6)
        }
    }

    @Test(arguments: kernelNames, [(64, 81, false), (32, 256, false), (64, 33, true)])
    func `attention over heads of 32 and 64, whole and causal`(name: String, shape: (Int, Int, Bool)) throws {
        let (width, keys, causal) = shape
        let (heads, queries) = (3, 20)
        var numbers = Numbers(seed: UInt64(100 + width + keys))
        let query = FloatBuffer(numbers.take(queries * heads * width).map { $0 * 2 })
        let key = FloatBuffer(numbers.take(keys * heads * width).map { $0 * 2 })
        let value = FloatBuffer(numbers.take(keys * heads * width))
        let output = FloatBuffer(count: queries * heads * width)
        attention(
            query: query.pointer, queryRows: queries, keys: key.pointer, values: value.pointer, keyRows: keys,
            shape: AttentionShape(heads: heads, headWidth: width), causalOffset: causal ? keys - queries : nil,
            into: output.pointer, pool: pool, kernels: try kernelSet(name))
        #expect(distance(output.elements, try golden("attention_\(width)_\(keys)")) < 2e-6)
    }

    @Test(
        arguments: kernelNames,
        [(3, 1, 9, 7, 24), (3, 2, 10, 9, 40), (5, 1, 6, 11, 24), (5, 2, 9, 10, 33), (5, 2, 3, 2, 16)])
    func `depthwise convolution with odd padding`(name: String, shape: (Int, Int, Int, Int, Int)) throws {
        let (kernel, stride, height, width, channels) = shape
        var numbers = Numbers(seed: UInt64(1000 + kernel * 10 + stride))
        let x = FloatBuffer(numbers.take(height * width * channels).map { $0 * 4 })
        let weight = numbers.take(channels * kernel * kernel)
        let layer = DepthwiseConvolution(
            weight: weight, bias: numbers.take(channels), channels: channels, kernel: kernel, stride: stride,
            kernels: try kernelSet(name))
        let size = layer.outputSize(height: height, width: width)
        let output = FloatBuffer(count: size.height * size.width * channels)
        layer(x.pointer, batch: 1, height: height, width: width, into: output.pointer, pool: pool)
        #expect(distance(output.elements, try golden("depthwise_\(kernel)_\(stride)_\(height)x\(width)")) < 5e-6)
    }

    @Test(arguments: kernelNames) func `convolution over three channels`(name: String) throws {
        var numbers = Numbers(seed: 17)
        let x = FloatBuffer(numbers.take(2 * 11 * 12 * 3))
        let weight = numbers.take(20 * 27)
        let layer = Convolution2D(
            weight: weight, bias: numbers.take(20), outputs: 20, channels: 3, kernel: 3, stride: 2,
            kernels: try kernelSet(name))
        let output = FloatBuffer(count: 2 * 6 * 6 * 20)
        layer(x.pointer, batch: 2, height: 11, width: 12, into: output.pointer, pool: pool)
        #expect(distance(output.elements, try golden("convolution")) < 5e-6)
    }
}
