import Media
import Retrieval
import Tasks

/// The vectors of photos and sounds, given as files.
struct MediaEmbedder: Sendable {
    private let model: LoadedModel
    private let inputs: [ItemKind: HeadInput]

    /// - Throws: `CommandFailure` for a model in whose space neither photos nor sounds are.
    init(_ model: LoadedModel) throws(CommandFailure) {
        self.model = model
        var inputs: [ItemKind: HeadInput] = [:]
        for input in model.space?.inputs ?? [] {
            if let kind = ItemKind(rawValue: input.part), kind == .image || kind == .audio { inputs[kind] = input }
        }
        guard !inputs.isEmpty else {
            throw .failed(
                "The model \(model.name) has no space in which photos or sounds can be compared with other things.")
        }
        self.inputs = inputs
    }

    /// What it takes.
    var kinds: Set<ItemKind> { Set(inputs.keys) }

    /// The vector of each file, in order, or why it has none. Photos are computed together, sounds one after the other, so
    /// that several long ones take the memory of one.
    func embed(_ files: [IndexedFile]) -> [Result<FileVector, any Error>] {
        var results = files.map { file -> Result<FileVector, any Error> in
            guard file.kind == .audio else { return .success(FileVector([])) }
            return Result {
                FileVector(try vectors(of: [try input(file)], as: .audio)[0], gaps: SoundGaps(of: file.bytes))
            }
        }
        let photos = files.indices.filter { files[$0].kind != .audio }
        let prepared = photos.map { place in Result { try input(files[place]) } }
        let good = prepared.compactMap { try? $0.get() }
        let together = good.isEmpty ? .success([]) : Result { try vectors(of: good, as: .image) }
        var next = 0
        for (place, photo) in zip(photos, prepared) {
            results[place] = Result {
                _ = try photo.get()
                defer { next += 1 }
                return FileVector(try together.get()[next])
            }
        }
        return results
    }

    private func vectors(of values: [TowerInput], as kind: ItemKind) throws -> [[Float]] {
        guard let input = inputs[kind] else { throw FolderIndexer.UnknownKind(model: model.name, kind: kind) }
        let tokens = model.encode(values.map { (input.tower, $0) })
        return try model.embed(tokens.map { SpaceQuery(parts: [input.part: $0]) }).map(\.vector)
    }

    private func input(_ file: IndexedFile) throws -> TowerInput {
        guard let input = inputs[file.kind] else {
            throw FolderIndexer.UnknownKind(model: model.name, kind: file.kind)
        }
        return try model.input(file.bytes, for: input)
    }
}
