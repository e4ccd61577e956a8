/// A picture of where in an image weight lies, for people: the image in grey, dark where there is none and glowing from violet
/// over red to yellow where there is much.
///
/// Drawn with a palette of 32 greys times 8 heats, so that the edges of a heat are seen as contours and a file stays small.
public enum HeatMap {
    private static let heats = 8
    private static let greys = 32

    /// The grey and heat of each palette entry, `heat * greys + grey`, over black to yellow as matplotlib's "inferno" goes.
    private static let palette: [UInt8] = {
        let colours: [(Double, Double, Double)] = [
            (0, 0, 4), (40, 11, 84), (101, 21, 110), (159, 42, 99), (212, 72, 66), (245, 125, 21), (250, 193, 39),
            (252, 255, 164),
        ]
        return colours.flatMap { colour in
            (0..<greys).flatMap { grey in
                let light = Double(grey) / Double(greys - 1) * 255
                return [colour.0, colour.1, colour.2].map { UInt8(0.55 * $0 + 0.45 * light) }
            }
        }
    }()

    /// Draws weights over an image.
    ///
    /// - Parameters:
    ///   - weights: [rows, columns], at least 0; only their ratio to the largest counts, by its square root: attention
    ///     likes to leave most of itself on one cell that says nothing.
    ///   - image: as large as the map shall be.
    /// - Returns: the bytes of a PNG file.
    public static func png(weights: [Float], rows: Int, columns: Int, over image: PixelImage) -> [UInt8] {
        precondition(rows > 0 && columns > 0 && weights.count == rows * columns, "weights do not fit their grid")
        let largest = weights.max() ?? 0
        let across = (0..<image.width).map { Place($0, of: image.width, cells: columns) }
        var indices: [UInt8] = []
        indices.reserveCapacity(image.width * image.height)
        for y in 0..<image.height {
            let down = Place(y, of: image.height, cells: rows)
            for x in 0..<image.width {
                let place = across[x]
                let above = place.mix(weights[down.low * columns + place.low], weights[down.low * columns + place.high])
                let below = place.mix(
                    weights[down.high * columns + place.low], weights[down.high * columns + place.high])
                let heat = largest > 0 ? (down.mix(above, below) / largest).squareRoot() : 0
                let level = min(heats - 1, max(0, Int(heat * Float(heats))))
                indices.append(UInt8(level * greys + image.luma(x, y) * greys / 256))
            }
        }
        return PalettePicture(width: image.width, height: image.height, palette: palette, indices: indices).png
    }

    /// Between the centres of which two cells a pixel lies, and how near to the second.
    private struct Place {
        let low: Int
        let high: Int
        let share: Float

        init(_ pixel: Int, of pixels: Int, cells: Int) {
            let place = (Float(pixel) + 0.5) / Float(pixels) * Float(cells) - 0.5
            let first = Int(place.rounded(.down))
            low = max(0, first)
            high = min(cells - 1, first + 1)
            share = place - Float(first)
        }

        func mix(_ a: Float, _ b: Float) -> Float { a + (b - a) * share }
    }
}

extension PixelImage {
    /// Brightness of a pixel, 0 to 255, as Pillow's mode L has it.
    fileprivate func luma(_ x: Int, _ y: Int) -> Int {
        let place = (y * width + x) * 3
        return (19595 * Int(pixels[place]) + 38470 * Int(pixels[place + 1]) + 7471 * Int(pixels[place + 2]) + 0x8000)
            >> 16
    }

    /// The image scaled down such that its longer side has at most `side` pixels.
    public func fitted(within side: Int) -> PixelImage {
        let longer = max(width, height)
        guard longer > side else { return self }
        return resized(
            width: max(1, width * side / longer), height: max(1, height * side / longer), .bilinear)
    }
}
