import CSQLite

/// A call of SQLite that failed.
struct SQLiteError: Error, CustomStringConvertible {
    /// The extended result code (sqlite.org/rescode.html).
    let code: Int32
    /// SQLite's words for it. They never quote a value that was bound.
    let description: String

    /// Whether there was no room: a full disk, a quota, or the largest size that the database may have.
    var isFull: Bool { code & 0xFF == SQLITE_FULL }
}
