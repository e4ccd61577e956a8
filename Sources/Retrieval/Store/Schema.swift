/// How the database is laid out.
///
/// `collections` has a row for each collection; its items are in a table of their own, `items_<key>`, so that a scan, a count
/// and a removal touch one collection alone. Each item has the checksum of its row. `totals` has for each collection the number
/// and the sum of these, and for the store (key 0) the number and the sum of its collections' checksums: a row that was
/// changed, lost or added by anything but a commit does not add up.
enum Schema {
    /// Counts up when the layout changes.
    static let version = 2
    /// The layout without checksums.
    static let versionWithoutChecksums = 1

    /// Makes the database of a store without collections, whose next commit has the number after `generation`.
    static func create(on connection: SQLiteConnection, generation: Int) throws(SQLiteError) {
        try configure(connection)
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
            CREATE TABLE totals (
                key INTEGER PRIMARY KEY,
                generation INTEGER NOT NULL,
                rows INTEGER NOT NULL,
                sum INTEGER NOT NULL,
                checksum INTEGER NOT NULL
            ) STRICT;
            PRAGMA user_version = \(version);
            """)
        let totals = Totals(generation: generation)
        try connection.write(totals, Ledger.root, RowChecksum().of(totals))
        try connection.execute("COMMIT")
    }

    /// Prepares a connection that writes.
    static func configure(_ connection: SQLiteConnection) throws(SQLiteError) {
        // A commit returns after the log was synced; readers go on while one writes.
        try connection.execute("PRAGMA journal_mode = WAL")
        try connection.execute("PRAGMA synchronous = FULL")
        try connection.execute("PRAGMA journal_size_limit = 67108864")
    }

    /// The table of a collection's items.
    static func table(_ key: Int) -> String { "items_\(key)" }

    /// Makes the table of a new collection. The checksum stands before what may be on further pages.
    static func items(_ key: Int) -> String {
        """
        CREATE TABLE \(table(key)) (
            id TEXT NOT NULL UNIQUE,
            kind TEXT NOT NULL,
            checksum INTEGER NOT NULL,
            vector BLOB NOT NULL,
            metadata TEXT NOT NULL
        ) STRICT
        """
    }
}
