/// How many photos and how many sounds.
public struct MediaTally: Sendable, Equatable, CustomStringConvertible {
    /// Items made of images.
    public private(set) var photos = 0
    /// Items made of sounds.
    public private(set) var sounds = 0

    /// So many of each.
    public init(photos: Int = 0, sounds: Int = 0) {
        self.photos = photos
        self.sounds = sounds
    }

    /// Both together.
    public var count: Int { photos + sounds }

    mutating func add(_ kind: ItemKind) {
        if kind == .audio { sounds += 1 } else { photos += 1 }
    }

    /// For a sentence: `2 photos and 1 sound`, `1 photo`, `nothing`.
    public var description: String {
        let parts = [(photos, "photo"), (sounds, "sound")].filter { $0.0 > 0 }
        guard !parts.isEmpty else { return "nothing" }
        return parts.map { "\($0) \($1)\($0 == 1 ? "" : "s")" }.joined(separator: " and ")
    }
}
