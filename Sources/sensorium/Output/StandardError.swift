import Glibc

/// Where messages for people go; results go to standard output.
enum StandardError {
    /// Writes a line.
    static func write(_ line: String) { write(text: line + "\n") }

    /// Writes a text that ends where it ends. A message that cannot be written is nobody's loss but the reader's: the work goes
    /// on, and its exit code says how it went.
    static func write(text: String) { _ = DescriptorWriting.write(Array(text.utf8), to: STDERR_FILENO) }
}
