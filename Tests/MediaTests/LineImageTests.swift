import Testing

@testable import Media

@Suite struct `A line cut out of a picture` {
    /// Each pixel has its column as red and its row as green.
    private let image: PixelImage

    init() {
        var pixels: [UInt8] = []
        for pixel in 0..<2400 {
            pixels.append(UInt8(pixel % 60 * 4))
            pixels.append(UInt8(pixel / 60 * 6))
            pixels.append(7)
        }
        image = PixelImage(width: 60, height: 40, pixels: pixels)
    }

    private func corners(_ x: Float, _ y: Float, _ width: Float, _ height: Float) -> [SIMD2<Float>] {
        [SIMD2(x, y), SIMD2(x + width, y), SIMD2(x + width, y + height), SIMD2(x, y + height)]
    }

    @Test func `that stands straight is its pixels`() throws {
        let line = try #require(image.straightened(corners(10, 5, 30, 12)))
        #expect(line == image.cropped(to: PixelRectangle(x: 10, y: 5, width: 30, height: 12)))
    }

    @Test func `that is tall is turned to lie, its top to the left`() throws {
        let line = try #require(image.straightened(corners(10, 5, 8, 30)))
        #expect((line.width, line.height) == (30, 8))
        // The first pixel was the top of the right side.
        #expect(Array(line.pixels[0..<2]) == [17 * 4, 5 * 6])
        #expect(Array(line.pixels[29 * 3..<29 * 3 + 2]) == [17 * 4, 34 * 6])
    }

    @Test func `that is askew is read along its own sides`() throws {
        let turned = [SIMD2<Float>(10, 10), SIMD2(34, 17), SIMD2(31, 27), SIMD2(7, 20)]
        let line = try #require(image.straightened(turned))
        #expect((line.width, line.height) == (25, 10))
        #expect(Array(line.pixels[0..<2]) == [40, 60])
        // Half way: in the middle between the upper corners, nearly.
        #expect(abs(Int(line.pixels[12 * 3]) - 22 * 4) <= 4)
    }

    @Test func `that reaches over the edge is as the edge there, and one without an area is none`() throws {
        let line = try #require(image.straightened(corners(-10, -10, 20, 12)))
        #expect(Array(line.pixels[0..<3]) == [0, 0, 7])
        #expect(image.straightened(corners(5, 5, 0, 10)) == nil)
        #expect(image.straightened([SIMD2(0, 0), SIMD2(10, 10), SIMD2(20, 20), SIMD2(30, 30)]) == nil)
        // Corners that cross: some picture, no crash.
        _ = image.straightened([SIMD2(0, 0), SIMD2(30, 0), SIMD2(0, 12), SIMD2(30, 12)])
    }

    @Test func `is turned by half, and framed`() {
        let small = PixelImage(width: 2, height: 1, pixels: [1, 2, 3, 4, 5, 6])
        #expect(small.upsideDown.pixels == [4, 5, 6, 1, 2, 3])
        let framed = small.framed(width: 3, height: 2, left: 1, top: 1)
        #expect(framed.pixels == [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6])
    }
}
