import CSQLite

/// A connection to a database file. Used by one thread at a time, which its owner sees to.
final class SQLiteConnection {
    private let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]

    /// Opens `path`; the file is created where `isWritable`.
    init(path: String, isWritable: Bool) throws(SQLiteError) {
        var handle: OpaquePointer?
        let access = isWritable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
        // NOMUTEX: the owner lets in one thread at a time.
        let code = sqlite3_open_v2(path, &handle, access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let handle else {
            sqlite3_close_v2(handle)
            throw SQLiteError(code: code)
        }
        self.handle = handle
        // A checkpoint and a reader may meet for a moment.
        sqlite3_busy_timeout(handle, 5000)
        // Cells that reach beyond their page are found before they are read.
        sqlite3_exec(handle, "PRAGMA cell_size_check = ON", nil, nil, nil)
    }

    deinit {
        statements = [:]
        sqlite3_close_v2(handle)
    }

    /// Runs statements that give no rows.
    func execute(_ sql: String) throws(SQLiteError) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// The statement for `sql`, ready to be bound. It is compiled once and kept.
    func statement(_ sql: String) throws(SQLiteError) -> SQLiteStatement {
        if let statement = statements[sql] {
            statement.reset()
            return statement
        }
        var handle: OpaquePointer?
        let code = sqlite3_prepare_v3(self.handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &handle, nil)
        guard code == SQLITE_OK, let handle else { throw error(code) }
        let statement = SQLiteStatement(handle)
        statements[sql] = statement
        return statement
    }

    /// Runs a statement to its end; the number of rows it changed.
    @discardableResult func run(_ statement: SQLiteStatement) throws(SQLiteError) -> Int {
        defer { statement.reset() }
        while try row(of: statement) {}
        return Int(sqlite3_changes64(handle))
    }

    /// Steps to the next row; false after the last.
    func row(of statement: SQLiteStatement) throws(SQLiteError) -> Bool {
        let code = sqlite3_step(statement.handle)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let error = error(code)
            statement.reset()
            throw error
        }
    }

    /// The number in the first column of the first row; nil where there is none.
    func integer(_ sql: String) throws(SQLiteError) -> Int? {
        let statement = try statement(sql)
        defer { statement.reset() }
        return try row(of: statement) ? statement.integer(0) : nil
    }

    /// Whether closing brings the log into the database, if this is the last connection, and removes it.
    func keepLogOnClose(_ keeps: Bool) { sqlite3_keep_log_on_close(handle, keeps ? 1 : 0) }

    /// Brings the log into the database and cuts it to no length, as far as no reader needs it.
    func checkpoint() throws(SQLiteError) {
        let code = sqlite3_wal_checkpoint_v2(handle, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil)
        guard code == SQLITE_OK else { throw error(code) }
    }

    /// Forgets the statements that name a table which is no more.
    func forget(table: String) {
        statements = statements.filter { !$0.key.contains(table + " ") }
    }

    /// The key of the row that was inserted last.
    var lastKey: Int { Int(sqlite3_last_insert_rowid(handle)) }

    /// Whether a transaction is open. A full disk ends one by itself.
    var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

    private func error(_ code: Int32) -> SQLiteError {
        SQLiteError(code: code)
    }
}
