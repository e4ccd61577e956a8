/// Cuts pictures into square tiles of one size, with the whole picture, squeezed to that size, behind them: as Idefics 3 looks at
/// pictures (Laurençon et al. 2024).
public struct ImageTiling: Sendable {
    /// The side of a tile in pixels.
    public let side: Int
    /// What pictures are resized with.
    public let filter: Resampling
    /// Whether there are tiles beside the whole picture.
    public let splits: Bool

    /// A tiling of those members.
    /// - Precondition: `side` is positive.
    public init(side: Int, filter: Resampling, splits: Bool) {
        precondition(side > 0, "a tile has pixels")
        self.side = side
        self.filter = filter
        self.splits = splits
    }

    /// A picture in tiles.
    public struct Tiles: Sendable {
        /// Rows and columns of tiles; none of either where the picture is one tile.
        public let rows: Int, columns: Int
        /// The tiles row by row, then the whole picture.
        public let pictures: [PixelImage]
    }

    /// The rows and columns of a picture of that size: its longer side is rounded up to whole tiles, then the other, in its ratio.
    public func grid(width: Int, height: Int) -> (rows: Int, columns: Int) {
        // Divided as transformers does it, in doubles.
        let ratio = Double(width) / Double(height)
        func tiles(_ length: Int) -> Int { max(1, (length + side - 1) / side) }
        if width >= height {
            let columns = tiles(width)
            return (tiles(Int(Double(columns * side) / ratio)), columns)
        }
        let rows = tiles(height)
        return (rows, tiles(Int(Double(rows * side) * ratio)))
    }

    /// The tiles of a picture.
    public func callAsFunction(_ image: PixelImage) -> Tiles {
        guard splits else {
            return Tiles(rows: 0, columns: 0, pictures: [image.resized(width: side, height: side, filter)])
        }
        let grid = grid(width: image.width, height: image.height)
        let whole = image.resized(width: grid.columns * side, height: grid.rows * side, filter)
        guard grid.rows > 1 || grid.columns > 1 else { return Tiles(rows: 0, columns: 0, pictures: [whole]) }
        var pictures: [PixelImage] = []
        for row in 0..<grid.rows {
            for column in 0..<grid.columns {
                pictures.append(
                    whole.cropped(to: PixelRectangle(x: column * side, y: row * side, width: side, height: side)))
            }
        }
        pictures.append(whole.resized(width: side, height: side, filter))
        return Tiles(rows: grid.rows, columns: grid.columns, pictures: pictures)
    }
}
