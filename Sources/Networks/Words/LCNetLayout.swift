/// The blocks of a PP-LCNetV3, as PP-OCRv4 has it (its widths come of factors of the paper's, so that they are listed here).
struct LCNetLayout: Sendable {
    /// A block: a depthwise convolution, then a pointwise one.
    struct Block: Sendable {
        /// Side of the depthwise window.
        let kernel: Int
        /// Channels of the output.
        let outputs: Int
        /// Steps of the window from row to row and from column to column.
        let down: Int, across: Int
        /// Whether channels are weighed by what the whole grid holds of them.
        let squeezes: Bool

        init(_ kernel: Int, _ outputs: Int, down: Int = 1, across: Int = 1, squeezes: Bool = false) {
            self.kernel = kernel
            self.outputs = outputs
            self.down = down
            self.across = across
            self.squeezes = squeezes
        }

        /// A block that halves both sides has no activation between its convolutions.
        var isActiveBetween: Bool { down == 1 || across == 1 }
    }

    let blocks: [Block]

    /// Channels behind the stem, which halves both sides.
    static let stemOutputs = 16

    /// Finds lines: grids of a quarter to a 32nd of the picture.
    static let finder = LCNetLayout(blocks: [
        Block(3, 32), Block(3, 48, down: 2, across: 2), Block(3, 48), Block(3, 96, down: 2, across: 2), Block(3, 96),
        Block(3, 192, down: 2, across: 2), Block(5, 192), Block(5, 192), Block(5, 192), Block(5, 192),
        Block(5, 384, down: 2, across: 2, squeezes: true), Block(5, 384, squeezes: true), Block(5, 384), Block(5, 384),
    ])

    /// Reads a line: the height becomes a 16th, the width a quarter.
    static let reader = LCNetLayout(blocks: [
        Block(3, 32), Block(3, 64), Block(3, 64), Block(3, 128, down: 2), Block(3, 128), Block(3, 240, across: 2),
        Block(5, 240), Block(5, 240), Block(5, 240), Block(5, 240), Block(5, 480, down: 2, squeezes: true),
        Block(5, 480, squeezes: true), Block(5, 480, down: 2), Block(5, 480),
    ])

    /// Channels that go into a block.
    func inputs(of index: Int) -> Int { index == 0 ? Self.stemOutputs : blocks[index - 1].outputs }
}
