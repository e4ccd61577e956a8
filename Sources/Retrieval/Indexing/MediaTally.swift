/// How many photos, how many sounds, and how many files of which it is not known.
public struct MediaTally: Sendable, Equatable, CustomStringConvertible {
    /// Items made of images.
    public private(set) var photos = 0
    /// Items made of sounds.
    public private(set) var sounds = 0
    /// Files that could not even be looked into.
    public private(set) var others = 0

    /// So many of each.
    public init(photos: Int = 0, sounds: Int = 0, others: Int = 0) {
        self.photos = photos
        self.sounds = sounds
        self.others = others
    }

    /// All together.
    public var count: Int { photos + sounds + others }

    mutating func add(_ kind: ItemKind?) {
        switch kind {
        case .audio: sounds += 1
        case nil: others += 1
        default: photos += 1
        }
    }

    /// For a sentence: `2 photos and 1 sound`, `1 photo`, `nothing`.
    public var description: String {
        let parts = [(photos, "photo"), (sounds, "sound"), (others, "other file")].filter { $0.0 > 0 }
            .map { "\($0) \($1)\($0 == 1 ? "" : "s")" }
        guard let last = parts.last else { return "nothing" }
        return parts.count == 1 ? last : parts.dropLast().joined(separator: ", ") + " and " + last
    }
}
