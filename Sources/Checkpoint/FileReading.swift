import Glibc
import JSON

func fileExists(_ path: String) -> Bool {
    access(path, F_OK) == 0
}

/// Reads a JSON file of a checkpoint folder.
func readJSON(_ file: String, directory: String) throws(CheckpointProblem) -> JSONCursor {
    do {
        return JSONCursor(try JSONValue(contentsOf: "\(directory)/\(file)"))
    } catch .unreadable(let reason) {
        throw .unreadable(file: file, reason: reason)
    } catch {
        throw .json(file: file, error)
    }
}
