import Testing

@testable import Networks

@Suite struct `A map of text` {
    /// A map in which some rectangles (left, top, width, height) are text.
    private func map(_ rectangles: [(Int, Int, Int, Int)], height: Int = 60, width: Int = 100) -> TextMap {
        var probabilities = [Float](repeating: 0, count: height * width)
        for (left, top, across, down) in rectangles {
            for row in top..<top + down {
                for column in left..<left + across { probabilities[row * width + column] = 0.9 }
            }
        }
        return TextMap(probabilities, height: height, width: width)
    }

    @Test func `has a box around each region, further out than the region itself`() throws {
        let found = map([(20, 10, 40, 8), (20, 40, 20, 6)]).lines()
        #expect(found.left == 0)
        try #require(found.boxes.count == 2)
        // The mask is a pixel wider to the right and below: 40 by 8 between centres, moved out by 1.6 · 320 / 96.
        let out: Float = 1.6 * 320 / 96
        let expected = [
            SIMD2(20 - out, 10 - out), SIMD2(60 + out, 10 - out), SIMD2(60 + out, 18 + out), SIMD2(20 - out, 18 + out),
        ]
        for (corner, expected) in zip(found.boxes[0], expected) {
            #expect(abs(corner.x - expected.x) < 1e-3 && abs(corner.y - expected.y) < 1e-3)
        }
    }

    @Test func `takes what touches at a corner for one region`() {
        #expect(map([(10, 10, 40, 10), (51, 21, 4, 4)]).lines().boxes.count == 1)
        #expect(map([(10, 10, 40, 10), (53, 21, 4, 4)]).lines().boxes.count == 2)
    }

    @Test func `is of one region where two arms meet only at their end`() {
        #expect(map([(10, 10, 6, 30), (40, 10, 6, 30), (10, 40, 36, 6)]).lines().boxes.count <= 1)
    }

    @Test func `leaves out what is small, faint, or not there`() {
        #expect(map([(10, 10, 2, 2)]).lines().boxes.isEmpty)
        #expect(map([]).lines().boxes.isEmpty)
        #expect(TextMap([Float](repeating: 0.4, count: 1600), height: 40, width: 40).lines().boxes.isEmpty)
    }

    @Test func `looks at a thousand regions at most, the largest`() {
        var dots: [(Int, Int, Int, Int)] = [(0, 395, 300, 5)]
        for row in 0..<39 {
            for column in 0..<39 { dots.append((column * 10, row * 10, 4, 4)) }
        }
        let found = map(dots, height: 400, width: 400).lines()
        #expect(found.left == 39 * 39 + 1 - TextMap.mostLines)
        #expect(found.boxes.count <= TextMap.mostLines && found.boxes.first.map { $0[1].x > 290 } == true)
    }
}

@Suite struct `A rectangle around points` {
    @Test func `stands askew where the points do`() throws {
        // 40 by 10, turned by the angle of 3, 4, 5.
        let (axis, across) = (SIMD2<Float>(0.8, 0.6), SIMD2<Float>(-0.6, 0.8))
        let points = [(0, 0), (40, 0), (40, 10), (0, 10), (20, 5), (7, 3)].map { (x: Float, y: Float) in
            SIMD2<Float>(50, 20) + x * axis + y * across
        }
        let rectangle = try #require(TextRectangle(around: points))
        #expect(abs(rectangle.area - 400) < 0.1 && abs(rectangle.shorterSide - 10) < 1e-2)
        let corners = rectangle.corners
        let expected = [SIMD2<Float>(50, 20), SIMD2(82, 44), SIMD2(76, 52), SIMD2(44, 28)]
        for corner in expected {
            #expect(corners.contains { abs($0.x - corner.x) < 1e-2 && abs($0.y - corner.y) < 1e-2 })
        }
    }

    @Test func `has no area around points of one line, and is none around none`() throws {
        #expect(TextRectangle(around: []) == nil)
        #expect(try #require(TextRectangle(around: [SIMD2(3, 4)])).area == 0)
        #expect(try #require(TextRectangle(around: [SIMD2(3, 4), SIMD2(3, 4), SIMD2(3, 4)])).area == 0)
        let line = (0..<5).map { SIMD2<Float>(Float($0), 2 * Float($0)) }
        #expect(try #require(TextRectangle(around: line)).area < 1e-3)
        #expect(try #require(TextRectangle(around: line)).unclipped(ratio: 1.6).shorterSide < 1e-3)
    }
}
