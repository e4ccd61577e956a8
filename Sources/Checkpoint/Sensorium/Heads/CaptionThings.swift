extension SensoriumConfiguration {
    /// What a caption head is told of the names of things that a classifier saw.
    ///
    ///     "things": {"head": "things", "positions": 4, "floor": 0.2}
    public struct CaptionThings: Sendable, Equatable {
        /// The linear head that says what is seen, by the names of its labels.
        public let head: String
        /// The most word pieces of a name.
        public let positions: Int
        /// Names less likely than this are not told.
        public let floor: Float

        init(reading reader: inout ConfigurationReader) {
            reader.refuseKeys(except: ["head", "positions", "floor"])
            head = reader.string("head")
            positions = reader.integer("positions", in: 1...64)
            floor = reader.fraction("floor")
        }
    }
}
