import Glibc

/// A line of text, cut out of a picture and made straight.
extension PixelImage {
    /// The part of the picture between four corners, clockwise from its top left, as a rectangle of the lengths of its longer
    /// sides; what lies outside the picture is as its edge. One that is much higher than wide is turned to lie, its top to the
    /// left. Nil for a part without an area.
    public func straightened(_ corners: [SIMD2<Float>]) -> PixelImage? {
        precondition(corners.count == 4, "a part has four corners")
        func length(_ a: Int, _ b: Int) -> Float {
            let side = corners[a] - corners[b]
            return (side * side).sum().squareRoot()
        }
        let across = Int(max(length(0, 1), length(2, 3)))
        let down = Int(max(length(0, 3), length(1, 2)))
        guard across >= 1, down >= 1, across <= 2 * (width + height), down <= 2 * (width + height),
            let map = Perspective(corners, width: Float(across), height: Float(down))
        else { return nil }
        let isTall = Float(down) >= 1.5 * Float(across)
        var cut: [UInt8] = []
        cut.reserveCapacity(across * down * 3)
        for row in 0..<(isTall ? across : down) {
            for column in 0..<(isTall ? down : across) {
                let place = isTall ? SIMD2(Float(across - 1 - row), Float(column)) : SIMD2(Float(column), Float(row))
                let colour = cubic(at: map(place))
                cut.append(colour.x)
                cut.append(colour.y)
                cut.append(colour.z)
            }
        }
        return PixelImage(width: isTall ? down : across, height: isTall ? across : down, pixels: cut)
    }

    /// The picture turned by half.
    public var upsideDown: PixelImage {
        var turned = pixels
        turned.reverse()
        for pixel in stride(from: 0, to: turned.count, by: 3) { turned.swapAt(pixel, pixel + 2) }
        return PixelImage(width: width, height: height, pixels: turned)
    }

    /// The picture within a black one of this size, so far from its left and its top.
    public func framed(width newWidth: Int, height newHeight: Int, left: Int, top: Int) -> PixelImage {
        precondition(left >= 0 && top >= 0 && newWidth >= left + width && newHeight >= top + height, "room for it")
        var framed = [UInt8](repeating: 0, count: newWidth * newHeight * 3)
        for row in 0..<height {
            let to = ((row + top) * newWidth + left) * 3
            framed.replaceSubrange(to..<to + width * 3, with: pixels[row * width * 3..<(row + 1) * width * 3])
        }
        return PixelImage(width: newWidth, height: newHeight, pixels: framed)
    }

    /// The colour at a place between pixels, by OpenCV's cubic (Keys 1981 with a = -0.75).
    private func cubic(at place: SIMD2<Float>) -> SIMD4<UInt8> {
        // No number is one in parts that no line has: corners that make no convex figure.
        let x = place.x.isNaN ? 0 : min(max(place.x, -4), Float(width + 3))
        let y = place.y.isNaN ? 0 : min(max(place.y, -4), Float(height + 3))
        let (left, top) = (x.rounded(.down), y.rounded(.down))
        let across = Self.cubicWeights(x - left)
        let down = Self.cubicWeights(y - top)
        var sum = SIMD4<Float>.zero
        for row in 0..<4 {
            let start = min(max(Int(top) - 1 + row, 0), height - 1) * width
            var line = SIMD4<Float>.zero
            for column in 0..<4 {
                let pixel = (start + min(max(Int(left) - 1 + column, 0), width - 1)) * 3
                line +=
                    across[column]
                    * SIMD4(Float(pixels[pixel]), Float(pixels[pixel + 1]), Float(pixels[pixel + 2]), 0)
            }
            sum += down[row] * line
        }
        let whole = sum.rounded(.toNearestOrAwayFromZero).clamped(lowerBound: .zero, upperBound: SIMD4(repeating: 255))
        return SIMD4<UInt8>(truncatingIfNeeded: SIMD4<Int32>(whole))
    }

    private static func cubicWeights(_ x: Float) -> SIMD4<Float> {
        let a: Float = -0.75
        let first = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
        let second = ((a + 2) * x - (a + 3)) * x * x + 1
        let rest = 1 - x
        let third = ((a + 2) * rest - (a + 3)) * rest * rest + 1
        return SIMD4(first, second, third, 1 - first - second - third)
    }
}

/// The map of a rectangle onto four corners that keeps lines straight (Heckbert 1989, section 2.2.3).
struct Perspective {
    private let rows: (SIMD3<Float>, SIMD3<Float>, SIMD3<Float>)

    /// Nil where three corners lie on a line, so that there is none.
    init?(_ corners: [SIMD2<Float>], width: Float, height: Float) {
        let first = corners[1] - corners[2]
        let second = corners[3] - corners[2]
        let sum = corners[0] - corners[1] + corners[2] - corners[3]
        let determinant = first.x * second.y - first.y * second.x
        guard abs(determinant) > 1e-6 else { return nil }
        let g = (sum.x * second.y - sum.y * second.x) / determinant
        let h = (first.x * sum.y - first.y * sum.x) / determinant
        let along = corners[1] - corners[0] + g * corners[1]
        let across = corners[3] - corners[0] + h * corners[3]
        rows = (
            SIMD3(along.x / width, across.x / height, corners[0].x),
            SIMD3(along.y / width, across.y / height, corners[0].y), SIMD3(g / width, h / height, 1)
        )
    }

    /// Where a place in the rectangle lies.
    func callAsFunction(_ place: SIMD2<Float>) -> SIMD2<Float> {
        let place = SIMD3(place.x, place.y, 1)
        let depth = (rows.2 * place).sum()
        return SIMD2((rows.0 * place).sum(), (rows.1 * place).sum()) / depth
    }
}
