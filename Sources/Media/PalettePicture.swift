import CImageCodecs

/// A picture of at most 256 colours: for each pixel, rows from top to bottom, the number of its colour.
public struct PalettePicture: Sendable, Equatable {
    /// Pixels of a row, at least 1.
    public let width: Int
    /// Rows, at least 1.
    public let height: Int
    /// Red, green and blue of each colour, one after the other: at most 768 bytes.
    public let palette: [UInt8]
    /// `width * height` numbers of colours.
    public let indices: [UInt8]

    /// - Precondition: there is an index for each pixel, a colour for each index, and no more than 256 of them.
    public init(width: Int, height: Int, palette: [UInt8], indices: [UInt8]) {
        precondition(width > 0 && height > 0 && indices.count == width * height, "indices do not fit the size")
        precondition(palette.count % 3 == 0 && palette.count <= 768, "a palette has at most 256 colours")
        precondition(indices.allSatisfy { Int($0) * 3 < palette.count }, "an index has no colour")
        self.width = width
        self.height = height
        self.palette = palette
        self.indices = indices
    }

    /// The picture in the colours that fit it best: the boxes of colours are halved where they hold the most pixels over the
    /// longest side, until there are as many as wanted (median cut, Heckbert 1982); each becomes the mean of its pixels.
    ///
    /// - Parameter colours: 1 to 256.
    public init(_ image: PixelImage, colours: Int = 256) {
        precondition((1...256).contains(colours), "a palette has 1 to 256 colours")
        let cells = stride(from: 0, to: image.pixels.count, by: 3).map { ColourCell.number(at: $0, in: image.pixels) }
        var counted = [ColourCell?](repeating: nil, count: ColourCell.count)
        for (pixel, cell) in cells.enumerated() { counted[cell, default: cell].add(image.pixels, at: pixel * 3) }
        var boxes = [ColourBox(counted.compactMap(\.self))]
        while boxes.count < colours, let widest = boxes.indices.max(by: { boxes[$0].weight < boxes[$1].weight }),
            let (low, high) = boxes[widest].halves
        {
            boxes[widest] = low
            boxes.append(high)
        }
        var numbers = [UInt8](repeating: 0, count: ColourCell.count)
        // There are at most 256 boxes.
        for (number, box) in boxes.enumerated() { for cell in box.cells { numbers[cell.number] = UInt8(number) } }
        self.init(
            width: image.width, height: image.height, palette: boxes.flatMap(\.mean), indices: cells.map { numbers[$0] }
        )
    }

    /// The bytes of a PNG file.
    public var png: [UInt8] {
        // Deflate never makes data longer by more than a few bytes in each block; headers and palette take under 1 KiB.
        let room = indices.count + indices.count / 8 + 8 * height + 4096
        let whole = palette + [UInt8](repeating: 0, count: 768 - palette.count)
        var message = codec_message()
        return [UInt8](unsafeUninitializedCapacity: room) { target, initialized in
            var count = room
            let code = codec_png_encode(
                indices, Int32(width), Int32(height), whole, target.baseAddress, &count, &message)
            precondition(Int(code) == codec_ok, "a PNG of \(width) × \(height) did not fit its room")
            initialized = count
        }
    }
}

/// The pixels whose colours agree in the upper five bits of red, green and blue.
private struct ColourCell {
    static let count = 1 << 15
    let number: Int
    private(set) var pixels = 0
    private(set) var sums = [0, 0, 0]

    static func number(at place: Int, in pixels: [UInt8]) -> Int {
        Int(pixels[place] >> 3) << 10 | Int(pixels[place + 1] >> 3) << 5 | Int(pixels[place + 2] >> 3)
    }

    /// Its place along red, green or blue: 0 to 31.
    func place(_ channel: Int) -> Int { number >> (10 - 5 * channel) & 31 }

    mutating func add(_ values: [UInt8], at place: Int) {
        pixels += 1
        for channel in 0..<3 { sums[channel] += Int(values[place + channel]) }
    }
}

extension [ColourCell?] {
    /// The cell of that number, made where it is missing.
    fileprivate subscript(place: Int, default number: Int) -> ColourCell {
        get { self[place] ?? ColourCell(number: number) }
        set { self[place] = newValue }
    }
}

/// Cells that become one colour.
private struct ColourBox {
    let cells: [ColourCell]
    /// Along which of red, green and blue it is longest.
    private let channel: Int
    /// Pixels times that length: 0 where nothing is left to halve.
    let weight: Int

    init(_ cells: [ColourCell]) {
        self.cells = cells
        let lengths = (0..<3).map { channel in
            let places = cells.map { $0.place(channel) }
            return (places.max() ?? 0) - (places.min() ?? 0)
        }
        let longest = lengths.max() ?? 0
        channel = lengths.firstIndex(of: longest) ?? 0
        weight = longest * cells.reduce(0) { $0 + $1.pixels }
    }

    /// Two boxes with about half of the pixels each; nil for one cell.
    var halves: (ColourBox, ColourBox)? {
        guard weight > 0 else { return nil }
        let sorted = cells.sorted { ($0.place(channel), $0.number) < ($1.place(channel), $1.number) }
        let half = cells.reduce(0) { $0 + $1.pixels } / 2
        var (end, sum) = (0, 0)
        while end < sorted.count - 1, sum < half || end == 0 {
            sum += sorted[end].pixels
            end += 1
        }
        return (ColourBox(Array(sorted[..<end])), ColourBox(Array(sorted[end...])))
    }

    /// Red, green and blue.
    var mean: [UInt8] {
        let pixels = max(1, cells.reduce(0) { $0 + $1.pixels })
        return (0..<3).map { channel in
            UInt8((cells.reduce(0) { $0 + $1.sums[channel] } + pixels / 2) / pixels)
        }
    }
}
