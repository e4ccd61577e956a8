import CSQLite

/// A call of SQLite that failed.
struct SQLiteError: Error, CustomStringConvertible {
    /// The extended result code (sqlite.org/rescode.html).
    let code: Int32
    /// SQLite's words for it. They never quote a value that was bound.
    let description: String

    /// SQLITE_IOERR_WRITE and SQLITE_IOERR_SHMSIZE, which are made by macros that Swift does not import.
    private static let refusedWrites = [SQLITE_IOERR | 3 << 8, SQLITE_IOERR | 19 << 8]

    /// Whether there was no room: a full disk, or the largest size that the database may have. A quota, or a limit on the size
    /// of files, SQLite does not tell from other writes that the system refuses.
    var isFull: Bool { code & 0xFF == SQLITE_FULL || Self.refusedWrites.contains(code) }

    /// Whether what is in the files is to blame: no database, one whose pages do not fit together, or without our tables.
    var isDamage: Bool { [SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR].contains(code & 0xFF) }
}
