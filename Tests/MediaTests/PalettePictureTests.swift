import Testing

@testable import Media

@Suite struct `Pictures with a palette` {
    private func image(_ colours: [[UInt8]], width: Int) -> PixelImage {
        PixelImage(width: width, height: colours.count / width, pixels: colours.flatMap(\.self))
    }

    @Test func `few colours that are far apart stay as they are`() throws {
        let colours: [[UInt8]] = [
            [0, 0, 0], [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [9, 90, 200],
        ]
        let original = image(colours + colours.reversed(), width: 4)
        let picture = PalettePicture(original)
        #expect(picture.palette.count == 18)
        #expect(try ImageDecoder.decode(picture.png) == original)
    }

    @Test(arguments: [1, 2, 16, 256])
    func `a photo gets as many colours as wanted, and more of them come nearer to it`(_ colours: Int) throws {
        let photo = try ImageDecoder.decode(Fixtures.bytes("chelsea.jpg")).fitted(within: 64)
        let picture = PalettePicture(photo, colours: colours)
        #expect(picture.palette.count == colours * 3)
        let shown = try ImageDecoder.decode(picture.png)
        var sum = 0
        for (a, b) in zip(shown.pixels, photo.pixels) { sum += abs(Int(a) - Int(b)) }
        let most: [Int: Int] = [1: 60, 2: 40, 16: 12, 256: 5]
        #expect(sum / photo.pixels.count <= most[colours] ?? 0)
    }

    @Test func `a picture of one colour has a palette of one`() {
        let grey = PalettePicture(image([[UInt8]](repeating: [77, 77, 77], count: 6), width: 3))
        #expect(grey.palette == [77, 77, 77] && grey.indices == [0, 0, 0, 0, 0, 0])
    }
}
