/// A part of a picture, in whole pixels from its top left corner.
public struct PixelRectangle: Sendable, Equatable {
    /// Columns left of it, rows above it.
    public let x: Int, y: Int
    /// Its size, at least 1 each.
    public let width: Int, height: Int

    /// - Precondition: sizes are positive and places not negative.
    public init(x: Int, y: Int, width: Int, height: Int) {
        precondition(x >= 0 && y >= 0 && width > 0 && height > 0, "a part of a picture has pixels")
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The square that a face tower looks at, for a face's box in a picture of `width` × `height` pixels.
    ///
    /// The faces that it learned from, FER2013's (Goodfellow 2013), are framed so: BlazeFace's box on them is 0.885 of the
    /// frame wide and its middle lies 0.08 of the frame below the frame's middle (medians of 400 faces of the dev part). So the
    /// square is that much larger and higher than the box. It is moved into the picture where it would stick out, and is as
    /// large as the picture's shorter side at most.
    public static func face(
        left: Float, top: Float, right: Float, bottom: Float, width: Int, height: Int
    ) -> PixelRectangle {
        let shorter = min(width, height)
        let wanted = max(right - left, bottom - top) / 0.885
        let side = min(max(wanted, 1), Float(shorter)).rounded()
        func place(_ middle: Float, in length: Int) -> Int {
            Int(min(max((middle - side / 2).rounded(), 0), Float(length) - side))
        }
        return PixelRectangle(
            x: place((left + right) / 2, in: width), y: place((top + bottom) / 2 - 0.08 * side, in: height),
            width: Int(side), height: Int(side))
    }
}

extension PixelImage {
    /// The pixels of a part of the image.
    /// - Precondition: it lies in the image.
    public func cropped(to part: PixelRectangle) -> PixelImage {
        precondition(part.x + part.width <= width && part.y + part.height <= height, "the part lies in the image")
        var cut: [UInt8] = []
        cut.reserveCapacity(part.width * part.height * 3)
        for row in part.y..<part.y + part.height {
            let start = (row * width + part.x) * 3
            cut += pixels[start..<start + part.width * 3]
        }
        return PixelImage(width: part.width, height: part.height, pixels: cut)
    }
}
