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

        init(reading reader: inout ConfigurationReader) {
            imageSize = reader.integer("image_size", in: 16...1024)
            tokens = reader.integer("tokens", in: 1...16384)
            channels = reader.integer("channels", in: 1...16384)
        }
    }
}
