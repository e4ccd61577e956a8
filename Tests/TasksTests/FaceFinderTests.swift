import Checkpoint
import Foundation
import Media
import Testing

@testable import Tasks

@Suite struct `The face finder` {
    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures")

    private let finder: FaceFinder
    private let astronaut: PixelImage

    init() throws {
        // Made by Tests/Fixtures/networks/make_towers.py, with the finder's real weights.
        let checkpoint = try SensoriumCheckpoint.open(Self.fixtures.appending(path: "networks/towers").path)
        finder = try checkpoint.folder.read { FaceFinder($0["finder"]) }
        astronaut = try Self.photo("astronaut.jpg")
    }

    private static func photo(_ name: String) throws -> PixelImage {
        try ImageDecoder.decode([UInt8](Data(contentsOf: fixtures.appending(path: "media/\(name)"))))
    }

    private func find(_ image: PixelImage) -> [FaceBox] {
        finder.find(in: image)
    }

    @Test func `finds the astronaut where MediaPipe finds her`() throws {
        let face = try #require(find(astronaut).first)
        #expect(find(astronaut).count == 1)
        // MediaPipe 0.10.14 of the same file: 0.347, 0.1625, 0.185, 0.185 of 320 pixels, score 0.915.
        for (ours, theirs) in [(face.x, 111), (face.y, 52), (face.width, 59.2), (face.height, 59.2)] as [(Float, Float)]
        {
            #expect(abs(ours - theirs) < 2)
        }
        #expect(abs(face.score - 0.915) < 0.01)
        #expect(face.crop.width == face.crop.height && abs(face.crop.width - 67) <= 1)
    }

    @Test func `finds a face of the same size in a picture of another shape`() throws {
        // The astronaut in the corner of a wide picture.
        let width = 400
        var pixels = [UInt8](repeating: 90, count: width * 320 * 3)
        for row in 0..<320 {
            pixels.replaceSubrange(
                row * width * 3..<(row * width + 320) * 3, with: astronaut.pixels[row * 960..<row * 960 + 960])
        }
        let face = try #require(find(PixelImage(width: width, height: 320, pixels: pixels)).first)
        let alone = try #require(find(astronaut).first)
        #expect(abs(face.x - alone.x) < 4 && abs(face.y - alone.y) < 4 && abs(face.width - alone.width) < 5)
    }

    @Test(arguments: ["chelsea.jpg", "coffee.jpg", "rocket.jpg"])
    func `finds no face where there is none`(name: String) throws {
        #expect(find(try Self.photo(name)).isEmpty)
    }

    @Test func `finds a face that fills the picture by looking from further away`() throws {
        // Forehead to chin: with nothing around the face, the first look finds nothing.
        let tight = astronaut.cropped(to: PixelRectangle(x: 116, y: 53, width: 48, height: 47))
        let face = try #require(find(tight).first)
        #expect(face.x >= 0 && face.y >= 0 && face.x + face.width <= 48 && face.y + face.height <= 47)
        #expect(face.width > 40 && face.height > 40)
        #expect(face.crop.width == 47)
    }

    @Test(arguments: [(1, 1), (1, 3_000), (3_000, 1), (128, 128)])
    func `takes pictures of any shape`(width: Int, height: Int) {
        let image = PixelImage(width: width, height: height, pixels: [UInt8](repeating: 200, count: width * height * 3))
        #expect(find(image).isEmpty)
    }
}
