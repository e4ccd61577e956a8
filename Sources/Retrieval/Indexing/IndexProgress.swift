/// How far an indexing run is.
public struct IndexProgress: Sendable, Equatable {
    /// Nothing done yet.
    public init() {}

    /// Files of the folder, whatever they are, and what cannot be looked at.
    public internal(set) var total = 0
    /// Stored in this run.
    public internal(set) var stored = MediaTally()
    /// Of those that were stored, sounds of which something is missing.
    public internal(set) var incomplete = 0
    /// There already, unchanged.
    public internal(set) var unchanged = MediaTally()
    /// Of a kind that the model has no place for.
    public internal(set) var leftOut = MediaTally()
    /// Could not be stored.
    public internal(set) var failed = MediaTally()
    /// Neither photos nor sounds, by what they are: "M4A audio", ".txt".
    public internal(set) var skipped: [String: Int] = [:]
    /// Items whose file is at another place now, and which were removed for the item of that.
    public internal(set) var moved = 0
    /// Items that were removed because no file is there any more.
    public internal(set) var dropped = 0

    /// Files dealt with.
    public var done: Int {
        stored.count + unchanged.count + leftOut.count + failed.count + skipped.values.reduce(0, +)
    }
}

/// What became of one file.
public enum IndexOutcome: Sendable {
    /// It is an item now, which lacks what the file lacks.
    case stored(ItemKind, gaps: SoundGaps?)
    /// It was one already.
    case unchanged(ItemKind)
    /// It is neither a photo nor a sound, but this: "M4A audio", ".txt".
    case skipped(String)
    /// It is of a kind that the model has no place for.
    case leftOut(FolderIndexer.UnknownKind)
    /// It could not be stored.
    case failed(any Error)
}
