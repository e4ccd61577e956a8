import Glibc
import Retrieval
import Synchronization

/// Files that are named on the command line.
enum InputFile {
    private static let hasReadStandardInput = Mutex(false)

    /// The bytes of a file, of a pipe, or with `-` of standard input; or a failure that names it.
    static func read(_ path: String) throws(CommandFailure) -> [UInt8] {
        let bytes = try contents(path)
        guard !bytes.isEmpty else {
            throw .failed("\(path == "-" ? "Standard input (-)" : "The file \(path)") is empty.")
        }
        return bytes
    }

    private static func contents(_ path: String) throws(CommandFailure) -> [UInt8] {
        do throws(FileName.Unreadable) {
            guard path == "-" else { return try FileName(CommandLineText.bytes(of: path)).contents() }
            let isFirst = hasReadStandardInput.withLock { was in
                defer { was = true }
                return !was
            }
            guard isFirst else {
                throw FileName.Unreadable(description: "it can be read once, and is named a second time")
            }
            return try FileName.contents(of: STDIN_FILENO)
        } catch {
            throw .failed(
                "\(path == "-" ? "Standard input (-)" : "The file \(path)") cannot be read: \(error.description).")
        }
    }
}
