extension SensoriumConfiguration {
    /// A convolutional image tower with its batch norms folded: whole pictures to a grid of tokens.
    public struct ImageTower: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "efficientnet_lite2"
        /// Width and height of the image in pixels.
        public let imageSize: Int
        /// The number of positions of the output grid.
        public let tokens: Int
        /// The width of each token.
        public let channels: Int

        init(reading reader: inout ConfigurationReader) {
            imageSize = reader.integer("image_size", in: 32...4096)
            tokens = reader.integer("tokens", in: 1...16384)
            channels = reader.integer("channels", in: 1...16384)
        }
    }

    /// The first blocks of another image tower, then blocks and a last convolution of its own: what fine-tuning for one task
    /// made the tower forget is kept beside it.
    public struct ImageBranch: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "efficientnet_lite2_branch"
        /// The name of the ``ImageTower`` with which it shares its stem and first blocks.
        public let trunk: String
        /// How many of the trunk's 21 blocks come first: at least one, to which the stem belongs.
        public let fromBlock: Int

        init(reading reader: inout ConfigurationReader) {
            trunk = reader.string("of")
            fromBlock = reader.integer("from_block", in: 1...21)
        }
    }
}
