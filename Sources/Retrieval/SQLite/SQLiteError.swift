import CSQLite

/// A call of SQLite that failed.
struct SQLiteError: Error, CustomStringConvertible {
    /// The extended result code (sqlite.org/rescode.html).
    let code: Int32

    /// SQLITE_IOERR_WRITE and SQLITE_IOERR_SHMSIZE, which are made by macros that Swift does not import.
    private static let refusedWrites = [SQLITE_IOERR | 3 << 8, SQLITE_IOERR | 19 << 8]

    /// Whether there was no room: a full disk, or the largest size that the database may have. A quota, or a limit on the size
    /// of files, SQLite does not tell from other writes that the system refuses.
    var isFull: Bool { code & 0xFF == SQLITE_FULL || Self.refusedWrites.contains(code) }

    /// Whether what is in the files is to blame: no database, one whose pages do not fit together, or without our tables.
    var isDamage: Bool { [SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_ERROR].contains(code & 0xFF) }

    /// What failed and what to look at, as a clause, with the number under which SQLite's documentation has more. SQLite's own words
    /// are for programmers, and may quote its statements.
    var description: String { "\(reason) (SQLite's result \(code))" }

    private var reason: String {
        switch code & 0xFF {
        case SQLITE_IOERR: "the disk failed to read or write; the system's log may say why"
        case SQLITE_CANTOPEN:
            "a file of the database cannot be opened; look at the permissions of the folder and its files"
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH:
            "a file of the database may not be written; look at the permissions of the folder and its files"
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: "another program holds the database; end that one"
        case SQLITE_NOMEM: "there was no memory for it"
        case SQLITE_FULL: "there is no room left for it"
        case SQLITE_CORRUPT: "pages of it are damaged"
        case SQLITE_NOTADB: "the file is no database"
        case SQLITE_ERROR: "it lacks tables that belong in it"
        case SQLITE_TOOBIG: "a value is larger than the database takes"
        case SQLITE_CONSTRAINT: "what was to be stored contradicts what is"
        default: "the database failed"
        }
    }
}
