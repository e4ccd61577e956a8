import Testing

@testable import Tensor

@Suite struct `Positions by rotation` {
    @Test(
        arguments: [
            ("default", RotaryPositions.Scaling.none), ("linear", .linear(2)),
            ("llama3", .llama3(factor: 8, low: 1, high: 4, learnedLength: 64)),
        ])
    func `turn heads as transformers turns them, whatever the threads`(
        _ name: String, _ scaling: RotaryPositions.Scaling
    ) throws {
        let positions = RotaryPositions(headWidth: 24, base: 100_000, scaling: scaling)
        for threads in [1, 3] {
            var numbers = Numbers(seed: 15)
            let x = FloatBuffer(numbers.take(7 * 3 * 24))
            let rotations = FloatBuffer(count: 7 * 24)
            positions.write(700..<707, into: rotations.pointer)
            positions.rotate(
                x.pointer, stride: 72, rows: 7, heads: 3, by: rotations.pointer, pool: ComputePool(threads: threads))
            #expect(distance(x.elements, try golden("rotary_\(name)")) < 1e-4)
        }
    }

    @Test func `leave channels behind the heads that turn as they are`() {
        let positions = RotaryPositions(headWidth: 4, base: 10)
        let x = FloatBuffer([Float](repeating: 1, count: 20))
        let rotations = FloatBuffer(count: 8)
        positions.write([0, 1], into: rotations.pointer)
        positions.rotate(x.pointer, stride: 10, rows: 2, heads: 2, by: rotations.pointer, pool: ComputePool(threads: 1))
        #expect(x.elements.prefix(10).allSatisfy { $0 == 1 })
        #expect(x.elements[18...].allSatisfy { $0 == 1 } && x.elements[10] != 1)
    }
}
