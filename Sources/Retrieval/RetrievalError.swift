import Glibc

/// What can go wrong with collections. Descriptions are sentences for people.
public enum RetrievalError: Error, Sendable, Equatable {
    /// The data folder cannot be made or read.
    case unusableFolder(path: String, reason: String)
    /// Another process has the data folder; `owner` is its process number where known.
    case folderInUse(path: String, owner: Int?)
    /// The database cannot be read: damaged, or of a newer program.
    case unreadable(path: String, reason: String)
    /// The folder holds not what was written, and is not opened.
    case damagedFolder(path: String, StoreFault)
    /// What was asked for is not as it was written.
    case damaged(StoreFault)
    /// A name that no collection may have.
    case invalidName
    /// An id that no item may have.
    case invalidID
    /// No collection has the name.
    case unknownCollection(String)
    /// The collection has no item of the id.
    case unknownItem(collection: String)
    /// The vector has not the length of those in the collection.
    case wrongDimension(collection: String, expected: Int, found: Int)
    /// More elements than a vector may have, or none.
    case invalidDimension(found: Int, limit: Int)
    /// An element of the vector is not finite.
    case notFinite(position: Int)
    /// The vector has no direction.
    case zeroVector
    /// The metadata are larger than an item may have.
    case metadataTooLarge(bytes: Int, limit: Int)
    /// The collection was made by another model, or (`made` nil) of vectors that clients computed.
    case otherModel(collection: String, made: ModelOrigin?, serving: ModelOrigin?)
    /// No more collections can be made.
    case tooManyCollections(limit: Int)
    /// So many writes or searches wait already that no more are taken.
    case busy(bound: Int)
    /// There is no room on the disk; nothing was stored.
    case storageFull
    /// The disk or the database failed; what was asked for is not known to be stored.
    case storageFailed(reason: String)
    /// The store is closed, or not loaded yet.
    case closed
}

extension RetrievalError: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .unusableFolder(let path, let reason): "The data folder \(path) cannot be used: \(reason)."
        case .folderInUse(let path, let owner):
            "The data folder \(path) is in use by \(owner.map { "process \($0)" } ?? "another process"); a folder "
                + "belongs to one server or command at a time. End that one, or choose another folder with --data."
        case .unreadable(let path, let reason): "The collections in \(path) cannot be read: \(reason)."
        case .damagedFolder(let path, let fault):
            "The collections in \(path) are damaged, and are not opened, so that nothing is missing without a word. \(fault) "
                + "\"sensorium collections check --data \(path)\" lists every fault, and \"sensorium collections repair --data "
                + "\(path)\" keeps what can be read."
        case .damaged(let fault):
            "\(fault) End the server; \"sensorium collections check\" lists every fault, and \"sensorium collections repair\" "
                + "keeps what can be read."
        case .invalidName:
            "The name of a collection has 1 to \(CollectionName.maxBytes) characters out of A-Z, a-z, 0-9, \".\", \"_\" "
                + "and \"-\", and is neither \".\" nor \"..\"."
        case .invalidID:
            "The id of an item has 1 to \(ItemID.maxBytes) bytes of UTF-8 without \"/\" and control characters, and is "
                + "neither \".\" nor \"..\"."
        case .unknownCollection(let name):
            "There is no collection \"\(name)\"; GET /v1/collections lists those there are, and the first item that is "
                + "PUT into one makes it."
        case .unknownItem(let collection): "The collection \"\(collection)\" has no item of this id."
        case .wrongDimension(let collection, let expected, let found):
            "The embedding has \(found) elements, but those of the collection \"\(collection)\" have \(expected)."
        case .invalidDimension(let found, let limit):
            "The embedding has \(found) elements; it takes 1 to \(limit)."
        case .notFinite(let position): "Element \(position) of the embedding is not a finite number."
        case .zeroVector: "The embedding has length 0 and thus no direction to compare."
        case .metadataTooLarge(let bytes, let limit):
            "The metadata have \(bytes) bytes as JSON without blanks; at most \(limit) are kept with an item."
        case .otherModel(let collection, let made?, let serving):
            "The collection \"\(collection)\" was made by the model \(made.name) (\(made.digest)), and "
                + (serving.map { "\($0.name) (\($0.digest))" } ?? "none")
                + " is served: their embeddings cannot be compared. Make it anew from the original files with: "
                + "sensorium index <folder> --collection \(collection) --reembed"
        case .otherModel(let collection, nil, _):
            "The collection \"\(collection)\" holds embeddings that clients computed, which cannot be compared with a "
                + "model's; send an \"embedding\"."
        case .tooManyCollections(let limit):
            "There are \(limit) collections, the most that are kept; delete one first."
        case .busy(let bound): "\(bound) requests wait for the collections already, which is the most allowed."
        case .storageFull:
            "There is no room left on the disk of the data folder, or it takes no more: nothing was stored. What is removed makes room."
        case .storageFailed(let reason): "The collections could not be read or written: \(reason)."
        case .closed: "The collections are closed."
        }
    }
}

extension RetrievalError {
    init(_ error: SQLiteError) {
        self = error.isFull ? .storageFull : .storageFailed(reason: error.description)
    }

    /// Writing a file failed, for the reason that `errno` has.
    init(writing path: String, _ cause: Int32 = errno) {
        self =
            cause == ENOSPC || cause == EDQUOT
            ? .storageFull : .storageFailed(reason: "\(path) cannot be written: \(String(cString: strerror(cause)))")
    }
}
