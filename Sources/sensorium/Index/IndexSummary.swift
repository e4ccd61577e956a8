import JSON
import Media
import Retrieval
import Terminal

/// What became of a folder, in a sentence or as JSON.
struct IndexSummary {
    private let progress: IndexProgress
    private let files: MediaFolder
    private let collection: String
    /// Kinds of skipped files that a sentence names.
    private static let namedKinds = 10

    init(_ progress: IndexProgress, _ files: MediaFolder, collection: String) {
        self.progress = progress
        self.files = files
        self.collection = collection
    }

    /// `2 photos and 1 sound stored in "p", 3 photos unchanged, 50 skipped: 30 MP4 file, 20 M4A audio.`
    var text: String {
        var parts = ["\(progress.stored) stored in \"\(collection)\""]
        if progress.incomplete > 0 { parts.append("\(progress.incomplete) of them not whole") }
        parts.append("\(progress.unchanged) unchanged")
        if progress.leftOut.count > 0 { parts.append("\(progress.leftOut) left out") }
        if progress.moved > 0 { parts.append("\(progress.moved) moved") }
        if progress.dropped > 0 { parts.append("\(progress.dropped) dropped") }
        if progress.failed.count > 0 { parts.append("\(progress.failed) failed") }
        let skipped = progress.skipped.merging(files.passedOver) { $0 + $1 }
        if !skipped.isEmpty {
            parts.append("\(skipped.values.reduce(0, +)) skipped: " + Self.list(skipped))
        }
        return (parts.joined(separator: ", ") + ".").withoutControls
    }

    /// The same as an object.
    var json: String {
        var json = JSONWriter()
        json.object { json in
            json.field("collection", collection)
            for (name, tally) in [
                ("stored", progress.stored), ("unchanged", progress.unchanged), ("left_out", progress.leftOut),
                ("failed", progress.failed),
            ] {
                json.field(name, tally.count)
            }
            json.field("incomplete", progress.incomplete)
            json.field("moved", progress.moved)
            json.field("dropped", progress.dropped)
            for (name, counts) in [("skipped", progress.skipped), ("passed_over", files.passedOver)] {
                json.field(name) { json in
                    json.object { json in
                        for key in Self.ordered(counts) { json.field(key, counts[key] ?? 0) }
                    }
                }
            }
        }
        return json.text
    }

    /// Why the run is not all that was asked for: files failed, or none of them is a photo or a sound.
    func failure(_ folder: String) -> CommandFailure? {
        if progress.failed.count > 0 {
            return .failed("\(progress.failed) of \(progress.total) files could not be stored.")
        }
        guard progress.stored.count + progress.unchanged.count == 0, progress.leftOut.count == 0 else { return nil }
        return .failed(
            "There is no photo and no sound in \(folder). Images may be \(ImageFormat.names); sounds "
                + "\(AudioFormat.acceptedList).")
    }

    /// `30 MP4 file, 20 M4A audio`, the most first; `5 others` stands for the rarest where there are many.
    private static func list(_ counts: [String: Int]) -> String {
        let kinds = ordered(counts)
        let others = kinds.dropFirst(namedKinds).reduce(0) { $0 + (counts[$1] ?? 0) }
        let named = kinds.prefix(namedKinds).map { "\(counts[$0] ?? 0) \($0)" }
        return (named + (others > 0 ? ["\(others) others"] : [])).joined(separator: ", ")
    }

    private static func ordered(_ counts: [String: Int]) -> [String] {
        counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
    }
}
