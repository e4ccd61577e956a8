import Media
import Testing

@Suite struct `The square of a face` {
    @Test func `is larger than the box and a little higher`() {
        let square = PixelRectangle.face(left: 400, top: 300, right: 577, bottom: 477, width: 1_000, height: 800)
        #expect(square == PixelRectangle(x: 389, y: 273, width: 200, height: 200))
    }

    @Test func `follows the longer side of a box`() {
        let square = PixelRectangle.face(left: 100, top: 100, right: 277, bottom: 150, width: 1_000, height: 800)
        #expect(square.width == 200 && square.height == 200)
    }

    @Test func `moves into the picture where it would stick out`() {
        let topLeft = PixelRectangle.face(left: -20, top: -30, right: 157, bottom: 147, width: 400, height: 300)
        #expect(topLeft == PixelRectangle(x: 0, y: 0, width: 200, height: 200))
        let bottomRight = PixelRectangle.face(left: 300, top: 200, right: 477, bottom: 377, width: 400, height: 300)
        #expect(bottomRight == PixelRectangle(x: 200, y: 100, width: 200, height: 200))
    }

    @Test(arguments: [(1, 1), (48, 48), (640, 30), (7, 2_000)])
    func `lies in the picture whatever the box`(width: Int, height: Int) {
        let places: [Float] = [-1e30, -50, 0, 0.3, 20, 1_000, 1e30]
        for left in places {
            for top in places {
                for side in [0, 0.1, 10, 1e4, 1e30] as [Float] {
                    let square = PixelRectangle.face(
                        left: left, top: top, right: left + side, bottom: top + side, width: width, height: height)
                    #expect(square.width == square.height)
                    #expect(square.x + square.width <= width && square.y + square.height <= height)
                }
            }
        }
    }
}

@Suite struct `The input of a face tower` {
    private let image = PixelImage(
        width: 3, height: 2,
        pixels: [255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 255, 128, 128, 128, 12, 34, 56])

    @Test func `is the luma of Pillow, normalised`() {
        // Image.convert("L") of these colours: 76, 150, 29, 255, 128, 30.
        let left = FacePreprocessor(size: 2, mean: 128, deviation: 64)(
            image, part: PixelRectangle(x: 0, y: 0, width: 2, height: 2))
        #expect(left == [76, 150, 255, 128].map { ($0 - 128) / 64 })
        let right = FacePreprocessor(size: 2, mean: 0, deviation: 1)(
            image, part: PixelRectangle(x: 1, y: 0, width: 2, height: 2))
        #expect(right == [150, 29, 128, 30])
    }

    @Test func `keeps grey values as they are`() {
        let grey = PixelImage(width: 16, height: 16, pixels: (0...255).flatMap { [UInt8](repeating: $0, count: 3) })
        #expect(FacePreprocessor(size: 16, mean: 0, deviation: 1)(grey) == (0...255).map { Float($0) })
    }

    @Test func `is resized before it is grey`() throws {
        let photo = try ImageDecoder.decode(Fixtures.bytes("astronaut.jpg"))
        let part = PixelRectangle(x: 100, y: 40, width: 81, height: 81)
        let resized = photo.cropped(to: part).resized(width: 48, height: 48, .bilinear)
        let whole = FacePreprocessor(size: 48, mean: 10, deviation: 2)
        #expect(whole(photo, part: part) == whole(resized))
    }
}

@Suite struct `A picture in a square` {
    @Test func `is centred between black bars`() {
        let image = PixelImage(width: 4, height: 2, pixels: [UInt8](repeating: 255, count: 24))
        let values = Letterbox(image, size: 4).values
        let black = [Float](repeating: -1, count: 12)
        #expect(values == black + [Float](repeating: 1, count: 24) + black)
    }

    @Test(
        arguments: [(640, 480, 1), (97, 301, 1), (320, 320, 2.0 / 3), (1, 1, 1), (5_000, 1, 0.5)] as [(Int, Int, Float)]
    )
    func `gives places in the square back as places in the picture`(width: Int, height: Int, share: Float) {
        let white = Letterbox(
            PixelImage(width: width, height: height, pixels: [UInt8](repeating: 255, count: width * height * 3)),
            size: 128, share: share)
        let columns = (0..<128).filter { column in (0..<128).contains { white.values[($0 * 128 + column) * 3] == 1 } }
        let lit = (0..<128).filter { row in (0..<128).contains { white.values[(row * 128 + $0) * 3] == 1 } }
        guard let left = columns.first, let right = columns.last, let top = lit.first, let bottom = lit.last else {
            Issue.record("the picture is not in the square")
            return
        }
        #expect(abs(white.column(Float(left) / 128)) < 0.01 * Float(width))
        #expect(abs(white.column(Float(right + 1) / 128) - Float(width)) < 0.01 * Float(width))
        #expect(abs(white.row(Float(top) / 128)) < 0.01 * Float(height))
        #expect(abs(white.row(Float(bottom + 1) / 128) - Float(height)) < 0.01 * Float(height))
    }
}
