import Foundation
import Media
import Networks
import Testing

@testable import Tasks

@Suite struct `A page` {
    private func box(_ x: Float, _ y: Float, _ width: Float, _ height: Float) -> TextBox {
        TextBox(corners: [
            SIMD2(x, y), SIMD2(x + width, y), SIMD2(x + width, y + height), SIMD2(x, y + height),
        ])
    }

    @Test func `is read from top to bottom, and what stands side by side from left to right`() {
        let boxes = [box(200, 12, 80, 20), box(10, 60, 90, 20), box(10, 10, 90, 20), box(120, 14, 60, 20)]
        let order = WordReader.inReadingOrder(boxes).map { $0.corners[0] }
        #expect(order == [SIMD2(10, 10), SIMD2(120, 14), SIMD2(200, 12), SIMD2(10, 60)])
    }

    @Test(arguments: [
        (1000, 1000, 992, 992), (4000, 3000, 1184, 896), (320, 240, 992, 736), (1, 1, 736, 736),
        (2000, 100, 4576, 224),
        (1, 100_000, 32, 16_384),
    ])
    func `is seen in its own shape, in a million pixels at most`(
        _ width: Int, _ height: Int, _ seenWidth: Int, _ seenHeight: Int
    ) {
        let size = WordReader.finderSize(width: width, height: height)
        #expect(size == (seenWidth, seenHeight))
        #expect(size.width * size.height <= 1_100_000)
    }

    @Test func `of ten thousand lines is read as far as a photo is read, and the others counted`() {
        let boxes = (0..<10_000).map { box(0, Float($0 * 4), 100, 3) }
        let (batches, left) = ReadPage.batches(boxes)
        let taken = batches.reduce(0) { $0 + $1.count }
        #expect(taken + left == 10_000)
        // A hundred by three is 1,600 columns at a height of 48.
        #expect(taken == WordReader.mostColumns / 1600)
        #expect(batches.allSatisfy { $0.count == 1 })
    }

    @Test func `of short lines is read some of them at a time, all in their order`() {
        let boxes = (0..<20).map { box(Float($0), 0, 40, 20) }
        let (batches, left) = ReadPage.batches(boxes)
        #expect(left == 0 && batches.map(\.count) == [8, 8, 4])
        #expect(batches.flatMap { Array($0) } == boxes)
        #expect(ReadPage.batches([]).batches.isEmpty)
    }

    @Test func `says how many lines were not read for certain, and nothing of what is no line`() {
        let boxes = (0..<4).map { box(Float($0), 0, 40, 20) }
        var page = ReadPage(left: 2)
        page.add(
            [
                ReadText(text: "sure", confidence: 0.97), ReadText(text: "ABepb", confidence: 0.7),
                ReadText(text: "", confidence: 0), ReadText(text: " ", confidence: 0.99),
            ], of: boxes[...])
        #expect(page.lines.map(\.text) == ["sure"] && page.unread == 3 && page.text == "sure")
    }
}

@Suite struct `A line` {
    @Test(arguments: ["EXIT 27", "Mind the gap, please!", "DoctorWells asked for two chairs", "", "中文"])
    func `needs a confidence of 0.85`(_ text: String) {
        #expect(WordReader.leastConfidence(of: text) == WordReader.leastConfidence)
    }

    @Test(arguments: ["MocKBa, ynNua JeHNHa 5", "YouTube", "He KypuTb"])
    func `with capitals within its words needs more`(_ text: String) {
        #expect(WordReader.leastConfidence(of: text) == WordReader.leastConfidenceOfMixed)
    }
}

/// models/sensorium-base reads, beside what RapidOCR reads of the same files (Tests/Fixtures/words/make_words.py).
@Suite(.enabled(if: TestModel.hasWeights)) struct `Words in pictures` {
    private static let shared = Result { try LoadedModel.load(TestModel.directory, threads: 2) }
    private let model: LoadedModel
    private let golden: [Golden.Page]

    private struct Golden: Decodable {
        let pages: [Page]

        struct Page: Decodable {
            let picture: String
            let lines: [Line]
        }

        struct Line: Decodable {
            let text: String
            let box: [[Float]]
            let confidence: Float
        }
    }

    private static let folder = TestModel.root.appending(path: "Tests/Fixtures/words")

    init() throws {
        model = try Self.shared.get()
        golden = try JSONDecoder().decode(
            Golden.self, from: Data(contentsOf: Self.folder.appending(path: "golden.json"))
        ).pages
    }

    private func picture(_ name: String) throws -> PixelImage {
        try ImageDecoder.decode(Array(Data(contentsOf: Self.folder.appending(path: name))))
    }

    private func squeezed(_ text: String) -> String { text.replacing(" ", with: "") }

    @Test(arguments: ["sign.png", "askew.png", "upside-down.png"])
    func `are what RapidOCR reads, where it reads them`(_ name: String) throws {
        let expected = try #require(golden.first { $0.picture == name }).lines
        let page = model.read(try picture(name))
        #expect(page.lines.map { squeezed($0.text) } == expected.map { squeezed($0.text) })
        #expect(page.unread == 0)
        for (line, expected) in zip(page.lines, expected) {
            for (corner, place) in zip(line.box.corners, expected.box) {
                #expect(abs(corner.x - place[0]) <= 6 && abs(corner.y - place[1]) <= 6)
            }
            #expect(abs(line.confidence - expected.confidence) < 0.1)
        }
    }

    @Test func `that are mirrored are not guessed`() throws {
        let page = model.read(try picture("mirrored.png"))
        #expect(page.lines.isEmpty && page.unread == 2)
    }

    @Test func `are none in a picture of nothing`() {
        var state: UInt32 = 1
        let noise = (0..<320 * 240 * 3).map { _ -> UInt8 in
            state = state &* 1_664_525 &+ 1_013_904_223
            return UInt8(state >> 24)
        }
        var gradient: [UInt8] = []
        for pixel in 0..<320 * 240 {
            gradient.append(UInt8(pixel % 320 * 255 / 319))
            gradient.append(UInt8(pixel / 320))
            gradient.append(90)
        }
        for pixels in [noise, gradient, [UInt8](repeating: 0, count: 320 * 240 * 3)] {
            let page = model.read(PixelImage(width: 320, height: 240, pixels: pixels))
            #expect(page.lines.isEmpty, "\(page.text)")
        }
        for (width, height) in [(1, 1), (3000, 1), (1, 3000)] {
            let pixels = [UInt8](repeating: 200, count: width * height * 3)
            #expect(model.read(PixelImage(width: width, height: height, pixels: pixels)) == ReadPage(left: 0))
        }
    }

    @Test func `of a page of thousands of tiny lines are read as far as there is room`() throws {
        // Bars of two pixels, 500 rows of 12.
        var pixels = [UInt8](repeating: 255, count: 2000 * 2000 * 3)
        for row in 0..<500 {
            for bar in 0..<12 {
                for x in bar * 160 + 10..<bar * 160 + 130 where x / 3 % 4 != 0 {
                    for y in row * 4..<row * 4 + 2 { for c in 0..<3 { pixels[(y * 2000 + x) * 3 + c] = 0 } }
                }
            }
        }
        let (boxes, _) = model.findLines(in: PixelImage(width: 2000, height: 2000, pixels: pixels))
        #expect(boxes.count <= 1000)
        let (batches, left) = ReadPage.batches(boxes)
        let columns = batches.joined().reduce(0) { $0 + WordReader.columns(of: $1) }
        #expect(columns <= WordReader.mostColumns && batches.reduce(0) { $0 + $1.count } + left == boxes.count)
    }
}

extension LoadedModel {
    /// The words of a picture, all at once.
    fileprivate func read(_ image: PixelImage) -> ReadPage {
        let (boxes, left) = findLines(in: image)
        let (batches, unread) = ReadPage.batches(boxes)
        var page = ReadPage(left: left + unread)
        for batch in batches { page.add(read(Array(batch), of: image), of: batch) }
        return page
    }
}
