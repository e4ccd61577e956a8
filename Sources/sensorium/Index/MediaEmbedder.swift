import JSON
import Retrieval

/// The vectors of photos and sounds, given as files.
struct MediaEmbedder: Sendable {
    private let service: LocalService

    /// - Throws: `CommandFailure` for a model in whose space neither photos nor sounds are.
    init(_ service: LocalService, _ model: ServedModelCard) throws(CommandFailure) {
        guard !model.kinds.isEmpty else {
            throw .failed(
                "The model \(model.name) has no space in which photos or sounds can be compared with other things.")
        }
        self.service = service
    }

    /// The vector of each file, in order, or why it has none.
    func embed(_ files: [IndexedFile]) async -> [Result<FileVector, any Error>] {
        await withTaskGroup(of: (Int, Result<FileVector, any Error>).self) { group in
            for (place, file) in files.enumerated() {
                group.addTask { (place, await embed(file)) }
            }
            var results = [Result<FileVector, any Error>?](repeating: nil, count: files.count)
            for await (place, result) in group { results[place] = result }
            return results.compactMap(\.self)
        }
    }

    private func embed(_ file: IndexedFile) async -> Result<FileVector, any Error> {
        var form = MultipartForm()
        form.add(file.kind.rawValue, file: file.bytes)
        // As the engine computed them, to the last bit.
        form.add("encoding", "base64")
        form.add("normalize", "false")
        let answer = await service.answer("/v1/embed", form)
        return Result {
            let members = try TaskAnswer(answer).members
            let text = try members.member("embedding").string()
            let bytes = Base64.decode(text.utf8) ?? []
            return FileVector(bytes.littleEndianFloats, gaps: try SoundGaps(answer: members))
        }
    }
}

extension [UInt8] {
    /// The numbers that every four bytes are, least significant byte first.
    fileprivate var littleEndianFloats: [Float] {
        stride(from: startIndex, to: endIndex - 3, by: 4).map { place in
            Float(bitPattern: self[place..<place + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
    }
}
