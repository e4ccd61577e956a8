/// A decoded image: 8-bit RGB, rows from top to bottom without padding.
public struct PixelImage: Sendable, Equatable {
    /// Pixels of a row, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// `height * width * 3` bytes: red, green, blue of the first pixel, then of the next to its right.
    public let pixels: [UInt8]

    /// - Precondition: `pixels` holds exactly `width * height * 3` bytes, and neither side is 0.
    public init(width: Int, height: Int, pixels: [UInt8]) {
        precondition(width > 0 && height > 0 && pixels.count == width * height * 3, "pixels do not fit the size")
        self.width = width
        self.height = height
        self.pixels = pixels
    }
}

extension PixelImage {
    /// The image as it stands upright.
    func upright(_ turn: Orientation) -> PixelImage {
        guard turn != .topLeft else { return self }
        // Where the first stored pixel goes, and the distance in bytes that a stored column and row step makes there.
        let newWidth = turn.swapsSides ? height : width
        let newHeight = turn.swapsSides ? width : height
        let right = 3
        let down = newWidth * 3
        let lastColumn = (newWidth - 1) * right
        let lastRow = (newHeight - 1) * down
        let (origin, column, row) =
            switch turn {
            case .topLeft: (0, right, down)
            case .topRight: (lastColumn, -right, down)
            case .bottomRight: (lastRow + lastColumn, -right, -down)
            case .bottomLeft: (lastRow, right, -down)
            case .leftTop: (0, down, right)
            case .rightTop: (lastColumn, down, -right)
            case .rightBottom: (lastRow + lastColumn, -down, -right)
            case .leftBottom: (lastRow, -down, right)
            }
        let turned = [UInt8](unsafeUninitializedCapacity: pixels.count) { target, initialized in
            // Every stored (x, y) with x < width, y < height lands on origin + x·column + y·row, a permutation of the
            // pixels of the new image: all of `target` is written, nothing outside it.
            pixels.withUnsafeBufferPointer { source in
                // Square tiles keep both the read and the written rows in the cache.
                let tile = 32
                for top in stride(from: 0, to: height, by: tile) {
                    for left in stride(from: 0, to: width, by: tile) {
                        for y in top..<min(top + tile, height) {
                            var read = (y * width + left) * 3
                            var write = origin + left * column + y * row
                            for _ in left..<min(left + tile, width) {
                                target[write] = source[read]
                                target[write + 1] = source[read + 1]
                                target[write + 2] = source[read + 2]
                                read += 3
                                write += column
                            }
                        }
                    }
                }
            }
            initialized = pixels.count
        }
        return PixelImage(width: newWidth, height: newHeight, pixels: turned)
    }
}
