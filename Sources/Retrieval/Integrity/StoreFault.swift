/// Something in a data folder that is not as it was written. Descriptions are sentences for people.
public enum StoreFault: Error, Sendable, Equatable {
    /// A file is missing, empty, or not the one that belongs here.
    case file(path: String, reason: String)
    /// The database's pages do not fit together.
    case structure(reason: String)
    /// What is known of a collection, or how many items it has.
    case collection(String, reason: String)
    /// An item.
    case item(collection: String, id: String)
}

extension StoreFault: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .file(let path, let reason): "The file \(path) \(reason)."
        case .structure(let reason): "The database does not hold together: \(reason)."
        case .collection(let name, let reason): "The collection \"\(name)\" \(reason)."
        case .item(let collection, let id):
            "The item \"\(id)\" of the collection \"\(collection)\" is not as it was written."
        }
    }
}

extension StoreFault {
    /// What an error of SQLite says of the database's state; nil where it says nothing of it, as of a full disk.
    init?(_ error: SQLiteError) {
        guard error.isDamage else { return nil }
        self = .structure(reason: error.description)
    }
}
