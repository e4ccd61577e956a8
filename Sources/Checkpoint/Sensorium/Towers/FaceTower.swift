import JSON

extension SensoriumConfiguration {
    /// A small convolutional network over a face, cut out of the picture and made grey.
    public struct FaceTower: Sendable, Equatable {
        /// The value of `type`.
        public static let type = "face_cnn"
        /// Width and height of the face in pixels.
        public let imageSize: Int
        /// The number of tokens.
        public let tokens: Int
        /// The width of each token.
        public let channels: Int
        /// Subtracted from the grey value, 0...255.
        public let mean: Float
        /// What is divided by then.
        public let deviation: Float
        /// The convolutions in their order, each 3×3 with a padding of 1, a bias and ReLU.
        public let layout: [Convolution]

        /// A layer.
        public struct Convolution: Sendable, Equatable {
            /// Channels of the output.
            public let channels: Int
            /// 1, or 2 to halve the grid, rounding up.
            public let stride: Int
        }

        init(reading reader: inout ConfigurationReader) {
            imageSize = reader.integer("image_size", in: 16...1024)
            tokens = reader.integer("tokens", in: 1...16384)
            channels = reader.integer("channels", in: 1...16384)
            mean = reader.read("mean", orElse: 0) { cursor throws(JSONError) in Float(try cursor.number()) }
            deviation = reader.read("deviation", orElse: 0) { cursor throws(JSONError) in Float(try cursor.number()) }
            layout = reader.read("layout", orElse: []) { cursor throws(JSONError) in
                var layers: [Convolution] = []
                for element in try cursor.elements() {
                    layers.append(
                        Convolution(
                            channels: try element.member("channels").integer(in: 1...16384),
                            stride: try element.member("stride").integer(in: 1...2)))
                }
                guard (1...64).contains(layers.count) else { throw cursor.unexpected("an array of 1 to 64 layers") }
                return layers
            }
            let grid = layout.reduce(imageSize) { ($0 + $1.stride - 1) / $1.stride }
            reader.demand(deviation > 0, "deviation", deviation, fits: "a deviation", "above zero")
            reader.demand(
                tokens == grid * grid, "tokens", tokens, fits: reader.path("layout"),
                "a grid of \(grid) x \(grid)")
            reader.demand(
                channels == layout.last?.channels, "channels", channels, fits: reader.path("layout"),
                "a last layer of \(layout.last?.channels ?? 0)")
        }
    }
}
