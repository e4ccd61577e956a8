import Testing

@testable import Media

@Suite struct `Heat maps` {
    private func decoded(_ weights: [Float], rows: Int, columns: Int, over image: PixelImage) throws -> PixelImage {
        try ImageDecoder.decode(HeatMap.png(weights: weights, rows: rows, columns: columns, over: image))
    }

    private func grey(_ width: Int, _ height: Int, _ value: UInt8 = 128) -> PixelImage {
        PixelImage(width: width, height: height, pixels: [UInt8](repeating: value, count: width * height * 3))
    }

    private func red(_ image: PixelImage, _ x: Int, _ y: Int) -> UInt8 { image.pixels[(y * image.width + x) * 3] }

    @Test func `the place with the most weight glows, and the one with none is dark`() throws {
        var weights = [Float](repeating: 0, count: 81)
        weights[2 * 9 + 7] = 0.5
        let map = try decoded(weights, rows: 9, columns: 9, over: grey(90, 45))
        #expect(map.width == 90 && map.height == 45)
        #expect(red(map, 75, 12) > 180)
        #expect(red(map, 5, 40) < 80)
    }

    @Test func `the image stays visible where there is no weight`() throws {
        var image = grey(20, 20, 255).pixels
        for index in 0..<20 * 10 * 3 { image[index] = 0 }
        let map = try decoded([1, 0], rows: 1, columns: 2, over: PixelImage(width: 20, height: 20, pixels: image))
        #expect(red(map, 19, 19) > red(map, 19, 0) + 60)
    }

    @Test(arguments: [(1, 1), (1, 300), (300, 1), (224, 224)])
    func `every size can be drawn`(_ width: Int, _ height: Int) throws {
        let noise = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) }
        let image = PixelImage(width: width, height: height, pixels: noise)
        for weights: [Float] in [[0, 0, 0, 0], [1, 1, 1, 1], [0.1, 0.2, 0.3, 0.4]] {
            let map = try decoded(weights, rows: 2, columns: 2, over: image)
            #expect(map.width == width && map.height == height)
        }
    }

    @Test func `an image is fitted without changing its shape, and never enlarged`() {
        #expect(grey(400, 200).fitted(within: 100).height == 50)
        #expect(grey(1000, 1).fitted(within: 100).height == 1)
        #expect(grey(30, 20).fitted(within: 100) == grey(30, 20))
    }
}
