import JSON

/// Where photos and sounds are put: a store of this process, or a server.
public protocol IndexDestination: Sendable {
    /// Whose model is to take the files, and which kinds it takes: `.image`, `.audio`.
    func accepted() async throws -> AcceptedKinds
    /// The items that were made of files before, and what those files were like.
    func known() async throws -> [ItemID: IndexedOrigin]
    /// Stores files; for each, in order, what of it is not in its item, or what went wrong.
    func store(_ files: [IndexedFile]) async -> [Result<SoundGaps?, any Error>]
    /// Removes items whose files are not there any more.
    func remove(_ ids: [ItemID]) async throws
    /// Every file was stored, left out, or failed.
    ///
    /// - Parameter isComplete: whether everything could be looked at, read and, unless it is no photo or sound that the model
    ///   takes, stored. Else an item may lack its file only for this run.
    func finish(isComplete: Bool) async throws
}

/// What a model can put into a collection.
public struct AcceptedKinds: Sendable, Equatable {
    /// The name of the model.
    public let model: String
    /// `.image` and `.audio`, as far as its space has them.
    public let kinds: Set<ItemKind>

    /// The kinds that a model takes.
    public init(model: String, kinds: Set<ItemKind>) {
        self.model = model
        self.kinds = kinds
    }
}

/// The vector of a file.
public struct FileVector: Sendable {
    let vector: [Float]
    let gaps: SoundGaps?

    /// - Parameter gaps: what of a sound the vector does not know of.
    public init(_ vector: [Float], gaps: SoundGaps? = nil) {
        self.vector = vector
        self.gaps = gaps
    }
}

/// A photo or sound that was read.
public struct IndexedFile: Sendable {
    /// The id of its item.
    public let id: ItemID
    /// `.image` or `.audio`.
    public let kind: ItemKind
    /// The bytes of the file.
    public let bytes: [UInt8]
    /// What is kept with it.
    public let metadata: JSONObject
}
