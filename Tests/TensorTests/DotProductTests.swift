import Testing

@testable import Tensor

@Suite struct `Dot products` {
    @Test(arguments: kernelNames)
    func `agree with sums in double precision, and no row or query changes another's bits`(name: String) throws {
        let kernels = try kernelSet(name)
        var numbers = Numbers(seed: 21)
        for width in [16, 48, 256] {
            let rows = FloatBuffer(numbers.take(23 * width))
            let queries = FloatBuffer(numbers.take(9 * width))
            let together = FloatBuffer(count: 9 * 30)
            DotProducts.apply(
                rows.pointer, rowCount: 23, queries: queries.pointer, queryCount: 9, width: width,
                into: together.pointer, scoresStride: 30, kernels: kernels)
            for row in 0..<23 {
                for query in 0..<9 {
                    let exact = (0..<width).reduce(0.0) { sum, i in
                        sum + Double(rows.pointer[row * width + i]) * Double(queries.pointer[query * width + i])
                    }
                    let alone = FloatBuffer(count: 1)
                    DotProducts.apply(
                        rows.pointer + row * width, rowCount: 1, queries: queries.pointer + query * width,
                        queryCount: 1, width: width, into: alone.pointer, scoresStride: 1, kernels: kernels)
                    #expect(together.pointer[query * 30 + row] == alone.pointer[0])
                    #expect(abs(Double(alone.pointer[0]) - exact) < 1e-5 * Double(width))
                }
            }
        }
    }

    @Test(arguments: kernelNames) func `a sum reads every value`(name: String) throws {
        let values = FloatBuffer((0..<640).map { Float($0 % 7) })
        let sum = DotProducts.sum(values.pointer, count: 640, kernels: try kernelSet(name))
        #expect(sum == values.elements.reduce(0, +))
    }
}
