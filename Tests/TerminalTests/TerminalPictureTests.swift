import Foundation
import Media
import Testing

@testable import Terminal

@Suite struct `Pictures for terminals` {
    /// 7 × 8 pixels of four colours, so that the last band of sixels is not full.
    private let picture: PalettePicture = {
        let indices = (0..<56).map { (place: Int) -> UInt8 in UInt8((place * place / 5 + place / 7) % 4) }
        return PalettePicture(
            width: 7, height: 8, palette: [0, 0, 0, 255, 0, 0, 0, 255, 0, 255, 255, 255], indices: indices)
    }()

    @Test func `sixels draw the picture pixel by pixel`() throws {
        let drawn = try Sixels(TerminalPicture.bytes(picture, .sixel, rows: 5))
        #expect(drawn.width == 7 && drawn.height == 8)
        #expect(drawn.indices == picture.indices.map { Int($0) })
        #expect(drawn.colours == [[0, 0, 0], [100, 0, 0], [0, 100, 0], [100, 100, 100]])
    }

    @Test func `equal columns of sixels are counted`() throws {
        let flat = PalettePicture(
            width: 100, height: 12, palette: [10, 20, 30], indices: [UInt8](repeating: 0, count: 1200))
        let bytes = TerminalPicture.bytes(flat, .sixel, rows: 5)
        #expect(bytes.count < 80)
        #expect(try Sixels(bytes).indices == [Int](repeating: 0, count: 1200))
    }

    @Test func `kitty gets the PNG file in pieces`() throws {
        let palette = (0..<768).map { (place: Int) -> UInt8 in UInt8(place % 251) }
        var state: UInt32 = 1
        var indices: [UInt8] = []
        for _ in 0..<10800 {
            // Numerical Recipes' generator: nothing that a PNG could make short.
            state = state &* 1_664_525 &+ 1_013_904_223
            indices.append(UInt8(state >> 24))
        }
        let noise = PalettePicture(width: 120, height: 90, palette: palette, indices: indices)
        let text = String(decoding: TerminalPicture.bytes(noise, .kitty, rows: 5), as: UTF8.self)
        let pieces = text.components(separatedBy: "\u{1B}\\")
        #expect(pieces.count > 3 && pieces.last == "")
        var encoded = ""
        for (number, piece) in pieces.dropLast().enumerated() {
            let halves = piece.split(separator: ";", maxSplits: 1)
            try #require(halves.count == 2)
            let last = number == pieces.count - 2
            #expect(halves[0] == "\u{1B}_G" + (number == 0 ? "a=T,f=100,q=2,r=5," : "") + "m=\(last ? 0 : 1)")
            #expect(halves[1].utf8.count <= 4096 && (last || halves[1].utf8.count % 4 == 0))
            encoded += halves[1]
        }
        let png = try #require(Data(base64Encoded: encoded))
        let shown = try ImageDecoder.decode([UInt8](png))
        #expect(shown.width == 120 && shown.height == 90)
        var expected: [UInt8] = []
        for index in indices { expected += palette[Int(index) * 3..<Int(index) * 3 + 3] }
        #expect(shown.pixels == expected)
    }
}

/// What a terminal draws of sixels: a reader of its own, after the VT330/VT340 programmer reference.
private struct Sixels {
    struct Malformed: Error {}

    private(set) var width = 0
    private(set) var height = 0
    /// In percent of red, green and blue.
    private(set) var colours: [[Int]] = []
    private(set) var indices: [Int] = []

    init(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        guard let whole = text.wholeMatch(of: /\u{1B}P0;1q"1;1;(\d+);(\d+)(.*)\u{1B}\\/),
            let width = Int(whole.output.1),
            let height = Int(whole.output.2)
        else { throw Malformed() }
        (self.width, self.height) = (width, height)
        indices = [Int](repeating: -1, count: width * height)
        var rest = whole.output.3
        var (x, top, colour) = (0, 0, 0)
        while let sign = rest.first {
            if let found = rest.prefixMatch(of: /#(\d+);2;(\d+);(\d+);(\d+)/) {
                colours.append([found.output.2, found.output.3, found.output.4].compactMap { Int($0) })
                rest = rest[found.range.upperBound...]
            } else if let found = rest.prefixMatch(of: /#(\d+)/) {
                colour = Int(found.output.1) ?? -1
                rest = rest[found.range.upperBound...]
            } else if sign == "$" || sign == "-" {
                x = 0
                top += sign == "-" ? 6 : 0
                rest = rest.dropFirst()
            } else if let found = rest.prefixMatch(of: /(?:!(\d+))?([?-~])/), let byte = found.output.2.utf8.first {
                for _ in 0..<(found.output.1.flatMap { Int($0) } ?? 1) {
                    for bit in 0..<6 where (byte - 63) >> UInt8(bit) & 1 == 1 {
                        guard x < width, top + bit < height else { throw Malformed() }
                        indices[(top + bit) * width + x] = colour
                    }
                    x += 1
                }
                rest = rest[found.range.upperBound...]
            } else {
                throw Malformed()
            }
        }
    }
}
