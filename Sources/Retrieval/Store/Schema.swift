/// How the database is laid out.
///
/// `collections` has a row for each collection; its items are in a table of their own, `items_<key>`, so that a scan, a count
/// and a removal touch one collection alone.
enum Schema {
    /// Counts up when the layout changes.
    static let version = 1

    /// Opens the database for writing and makes what is missing.
    static func open(_ folder: DataFolder) throws(RetrievalError) -> SQLiteConnection {
        do throws(SQLiteError) {
            let connection = try SQLiteConnection(path: folder.database, isWritable: true)
            // A commit returns after the log was synced; readers go on while one writes.
            try connection.execute("PRAGMA journal_mode = WAL")
            try connection.execute("PRAGMA synchronous = FULL")
            try connection.execute("PRAGMA journal_size_limit = 67108864")
            let found = try connection.integer("PRAGMA user_version") ?? 0
            if found == 0 {
                try connection.execute(
                    """
                    BEGIN IMMEDIATE;
                    CREATE TABLE collections (
                        key INTEGER PRIMARY KEY AUTOINCREMENT,
                        name TEXT NOT NULL UNIQUE,
                        dimension INTEGER NOT NULL,
                        model TEXT,
                        digest TEXT,
                        created INTEGER NOT NULL
                    ) STRICT;
                    PRAGMA user_version = \(version);
                    COMMIT;
                    """)
                folder.synchronize()
            } else if found != version {
                throw SQLiteError(
                    code: 0, description: "its layout is of version \(found), and this program knows \(version)")
            }
            return connection
        } catch {
            throw .unreadable(path: folder.database, reason: error.description)
        }
    }

    /// The table of a collection's items.
    static func table(_ key: Int) -> String { "items_\(key)" }

    /// Makes the table of a new collection.
    static func items(_ key: Int) -> String {
        """
        CREATE TABLE \(table(key)) (
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            vector BLOB NOT NULL,
            metadata TEXT NOT NULL
        ) STRICT
        """
    }
}
