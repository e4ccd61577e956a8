import Testing

@testable import Tensor

/// What a row gets depends neither on the rows beside it nor on the threads: equality to the last bit.
@Suite struct `Same answer always` {
    @Test(arguments: kernelNames)
    func `a row of a product is the same alone, in any batch and on any threads`(name: String) throws {
        let kernels = try kernelSet(name)
        var numbers = Numbers(seed: 5)
        for (inputs, outputs) in [(37, 50), (384, 130), (24, 16)] {
            let most = 70
            let x = FloatBuffer(numbers.take(most * inputs))
            let bias = FloatBuffer(numbers.take(outputs))
            // Numbers that f16 holds exactly, so that both storages must agree too.
            let halves = numbers.take(outputs * inputs).map { Float16($0).bitPattern }
            let single = halves.map { Float(Float16(bitPattern: $0)) }
            let weights = [
                halves.withUnsafeBytes {
                    PackedMatrix($0, element: .float16, outputs: outputs, inputs: inputs, kernels: kernels)
                },
                single.withUnsafeBytes {
                    PackedMatrix($0, element: .float32, outputs: outputs, inputs: inputs, kernels: kernels)
                },
                single.withUnsafeBytes {
                    PackedMatrix(
                        $0, element: .float32, outputs: outputs, inputs: inputs, storage: .fastest, kernels: kernels)
                },
            ]
            var expected: [Float] = []
            for row in 0..<most {
                let y = FloatBuffer(count: outputs)
                MatrixProduct.apply(
                    x.pointer + row * inputs, rows: 1, weights[0], bias: bias.pointer, activation: .gelu,
                    into: y.pointer, pool: ComputePool(threads: 1))
                expected += y.elements
            }
            for threads in 1...3 {
                let pool = ComputePool(threads: threads)
                for rows in [1, 2, 3, 5, 8, 13, 14, 15, 29, most] {
                    for weight in weights {
                        let y = FloatBuffer(count: rows * outputs)
                        MatrixProduct.apply(
                            x.pointer, rows: rows, weight, bias: bias.pointer, activation: .gelu, into: y.pointer,
                            pool: pool)
                        #expect(y.elements == Array(expected[0..<rows * outputs]), "\(rows) rows, \(threads) threads")
                    }
                }
            }
        }
    }

    @Test(arguments: kernelNames, [32, 36])
    func `a sequence's attention is the same alone, in company and beside padding`(name: String, width: Int) throws {
        let kernels = try kernelSet(name)
        let shape = AttentionShape(heads: 2, headWidth: width)
        let row = 2 * width
        var numbers = Numbers(seed: 6)
        let lengths = [1, 5, 40, 17]
        let query = FloatBuffer(numbers.take(4 * 48 * row))
        let keys = FloatBuffer(numbers.take(4 * 48 * row))
        let values = FloatBuffer(numbers.take(4 * 48 * row))
        func sequences(into output: FloatBuffer) -> [AttentionSequence] {
            lengths.enumerated().map { index, length in
                let start = index * 48 * row
                return AttentionSequence(
                    query: query.pointer + start, queryRows: length, keys: keys.pointer + start,
                    values: values.pointer + start, keyRows: length, causalOffset: index == 2 ? 0 : nil,
                    into: output.pointer + start)
            }
        }
        let alone = FloatBuffer(count: query.count)
        for sequence in sequences(into: alone) {
            attention([sequence], shape, pool: ComputePool(threads: 1), kernels: kernels)
        }
        // What lies behind a sequence's last key is never read.
        for (index, length) in lengths.enumerated() {
            for i in index * 48 * row + length * row..<(index + 1) * 48 * row {
                keys.pointer[i] = .nan
                values.pointer[i] = .nan
            }
        }
        for threads in 1...3 {
            let together = FloatBuffer(count: query.count)
            attention(sequences(into: together), shape, pool: ComputePool(threads: threads), kernels: kernels)
            #expect(together.elements == alone.elements)
        }
    }

    @Test func `attention weights sum to one, hide what is masked, and do not change the output`() throws {
        let shape = AttentionShape(heads: 3, headWidth: 64)
        var numbers = Numbers(seed: 7)
        let (queries, keyRows) = (6, 9)
        let query = FloatBuffer(numbers.take(queries * 192))
        let keys = FloatBuffer(numbers.take(keyRows * 192))
        let values = FloatBuffer(numbers.take(keyRows * 192))
        let plain = FloatBuffer(count: queries * 192)
        let explained = FloatBuffer(count: queries * 192)
        let weights = FloatBuffer(Array(repeating: -1, count: 3 * queries * keyRows))
        let pool = ComputePool(threads: 2)
        for (output, weights) in [(plain, nil), (explained, weights.pointer)] {
            attention(
                query: query.pointer, queryRows: queries, keys: keys.pointer, values: values.pointer, keyRows: keyRows,
                shape: shape, causalOffset: 3, into: output.pointer, weights: weights, pool: pool)
        }
        #expect(plain.elements == explained.elements)
        for head in 0..<3 {
            for row in 0..<queries {
                let start = (head * queries + row) * keyRows
                let line = weights.elements[start..<start + keyRows]
                #expect(abs(line.reduce(0, +) - 1) < 1e-6)
                #expect(line.enumerated().allSatisfy { $0.offset <= row + 3 ? $0.element > 0 : $0.element == 0 })
            }
        }
    }

    @Test(arguments: kernelNames)
    func `queries one at a time get what many together get, to the last digits`(name: String) throws {
        let kernels = try kernelSet(name)
        let shape = AttentionShape(heads: 2, headWidth: 64)
        let pool = ComputePool(threads: 1)
        var numbers = Numbers(seed: 8)
        let (queries, keyRows) = (19, 45)
        let query = FloatBuffer(numbers.take(queries * 128))
        let keys = FloatBuffer(numbers.take(keyRows * 128))
        let values = FloatBuffer(numbers.take(keyRows * 128))
        let together = FloatBuffer(count: queries * 128)
        let single = FloatBuffer(count: queries * 128)
        attention(
            query: query.pointer, queryRows: queries, keys: keys.pointer, values: values.pointer, keyRows: keyRows,
            shape: shape, causalOffset: 26, into: together.pointer, pool: pool, kernels: kernels)
        for row in 0..<queries {
            attention(
                query: query.pointer + row * 128, queryRows: 1, keys: keys.pointer, values: values.pointer,
                keyRows: keyRows, shape: shape, causalOffset: 26 + row, into: single.pointer + row * 128, pool: pool,
                kernels: kernels)
        }
        #expect(distance(single.elements, together.elements) < 1e-6)
    }
}
