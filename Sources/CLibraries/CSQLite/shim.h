// SQLite, and those of its calls that Swift cannot make: SQLITE_TRANSIENT is a pointer made of -1, which is not imported, and
// neither are functions with a variable number of arguments.
#include <sqlite3.h>

/// Binds a copy of `count` bytes of UTF-8; without an address, the empty text.
static inline int sqlite3_bind_text_copy(sqlite3_stmt *statement, int index, const char *text, int count) {
  return sqlite3_bind_text(statement, index, text ? text : "", count, SQLITE_TRANSIENT);
}

/// Binds a copy of `count` bytes.
static inline int sqlite3_bind_blob_copy(sqlite3_stmt *statement, int index, const void *bytes, int count) {
  return sqlite3_bind_blob(statement, index, bytes, count, SQLITE_TRANSIENT);
}

/// Whether closing the last connection leaves the log as it is.
static inline int sqlite3_keep_log_on_close(sqlite3 *connection, int keeps) {
  return sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps, (int *)0);
}
