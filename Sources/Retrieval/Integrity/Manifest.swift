import Glibc
import OperatingSystem

/// A file beside the database that says how far it must be: the number of the last commit that was acknowledged, and the
/// checksum of all that the store held then. By it a database or a log that was lost, emptied or exchanged is noticed.
///
/// It is written after a commit is on disk and before it is acknowledged, in place and without a sync of its own: it never says
/// more than the disk holds. After a kill it is exact; after a loss of power it may be older, and then notices less. There are
/// two lines, written in turn, so that one that was cut short leaves the other.
final class Manifest {
    /// What a line says.
    struct State: Sendable, Equatable {
        /// The last commit; 0 before the first.
        let generation: Int
        /// The checksum of the store's totals.
        let contents: Int

        /// What is said of a store without commits.
        static let beforeAll = State(generation: 0, contents: RowChecksum().of(Totals()))
    }

    /// Bytes from one line to the next, so that no two share a sector.
    private static let spacing = 4096
    private let descriptor: Int32
    private let checksum = RowChecksum()

    /// Opens the manifest of a folder.
    init(_ folder: DataFolder) throws(RetrievalError) {
        descriptor = open(folder.manifest, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw .unreadable(path: folder.manifest, reason: String(cString: strerror(errno)))
        }
    }

    deinit { close(descriptor) }

    /// Says that a commit is on disk.
    func record(_ state: State) {
        let line = Array(Self.line(state, checksum).utf8)
        // Failing, which takes a broken disk, it leaves an older line, which notices less; the commit itself is safe.
        pwrite(descriptor, line, line.count, off_t(state.generation % 2 * Self.spacing))
    }

    /// Brings it to the disk.
    func synchronize() { fsync(descriptor) }

    /// Puts a manifest in the place of the one there is, if any, in one step that survives a loss of power.
    static func replace(in folder: DataFolder, with state: State) throws(RetrievalError) {
        let line = line(state, RowChecksum())
        let text = line + String(repeating: "\n", count: spacing - line.utf8.count) + line
        let new = folder.manifest + ".new"
        do throws(SmallFile.Failure) {
            try SmallFile.write(text, to: new)
        } catch {
            guard case .system(let cause) = error else { throw RetrievalError(writing: new, EIO) }
            throw RetrievalError(writing: new, cause)
        }
        chmod(new, 0o600)
        guard DataFolder.synchronize(file: new), rename(new, folder.manifest) == 0 else {
            throw RetrievalError(writing: folder.manifest)
        }
        folder.synchronize()
    }

    /// What the manifest of a folder says; nil where there is none. A line that is damaged leaves the other.
    static func read(_ folder: DataFolder) throws(StoreFault) -> State? {
        guard access(folder.manifest, F_OK) == 0 else { return nil }
        let checksum = RowChecksum()
        let bytes = (try? SmallFile.bytes(folder.manifest)) ?? []
        let states = [0, spacing].compactMap { start in
            state(String(decoding: bytes.dropFirst(start).prefix { $0 != 0x0A }, as: UTF8.self), checksum)
        }
        guard let last = states.max(by: { $0.generation < $1.generation }) else {
            throw .file(path: folder.manifest, reason: bytes.isEmpty ? "is empty" : "is damaged")
        }
        return last
    }

    /// The line for a state, ended.
    private static func line(_ state: State, _ checksum: RowChecksum) -> String {
        let text = "sensorium collections, generation \(state.generation), contents \(state.contents)"
        checksum.add(text)
        return text + ", checksum \(checksum.take())\n"
    }

    /// The state in a line without its end; nil where that is not exactly a line.
    private static func state(_ line: String, _ checksum: RowChecksum) -> State? {
        let numbers = line.split(separator: ", ").dropFirst().compactMap {
            $0.split(separator: " ").last.flatMap { Int($0) }
        }
        guard numbers.count == 3 else { return nil }
        let state = State(generation: numbers[0], contents: numbers[1])
        return Array(Self.line(state, checksum).utf8) == Array((line + "\n").utf8) ? state : nil
    }
}
