import JSON

/// The tensor files of a checkpoint folder, mapped: `model.safetensors`, or the files that
/// `model.safetensors.index.json` names.
struct TensorFiles: Sendable {
    /// The folder.
    let directory: String
    /// File names, sorted.
    private(set) var names: [String] = []
    /// The mapped files in the order of `names`.
    private(set) var mappings: [FileMapping] = []
    /// All tensors in the order of the files and of the bytes within them.
    private(set) var tensors: [StoredTensor] = []
    /// What is wrong with the files.
    private(set) var problems: [CheckpointProblem] = []

    /// The file of each tensor by the tensor's name. Names that Swift holds for equal count as the same.
    private var places: [String: String] = [:]

    private static let single = "model.safetensors"
    private static let index = "model.safetensors.index.json"

    init(directory: String) {
        self.directory = directory
        let hasIndex = fileExists("\(directory)/\(Self.index)")
        if hasIndex, fileExists("\(directory)/\(Self.single)") {
            problems.append(
                .index(file: Self.index, reason: "\(Self.single) is there as well; remove the one that is out of date"))
        } else if hasIndex {
            openShards(directory: directory)
        } else {
            openFile(Self.single, directory: directory)
        }
    }

    /// Maps one file and adds its tensors.
    private mutating func openFile(_ name: String, directory: String) {
        do {
            let mapping = try FileMapping(path: "\(directory)/\(name)", file: name)
            let header = try mapping.header(of: name)
            names.append(name)
            mappings.append(mapping)
            for entry in header.entries {
                tensors.append(StoredTensor(entry, dataOffset: header.dataOffset, in: mapping))
                if let other = places.updateValue(name, forKey: entry.name) {
                    problems.append(.duplicateTensor(name: entry.name, files: [other, name]))
                }
            }
        } catch {
            problems.append(error)
        }
    }

    private mutating func openShards(directory: String) {
        let shardOfTensor: [(tensor: String, shard: String)]
        do {
            shardOfTensor = try Self.weightMap(directory: directory)
        } catch {
            problems.append(error)
            return
        }
        let shards = Set(shardOfTensor.map(\.shard)).sorted()
        let unusable = shards.filter { !Self.isPlainFileName($0) }
        guard unusable.isEmpty else {
            problems += unusable.map {
                .index(file: Self.index, reason: "\"\($0)\" is not the name of a file in the same folder")
            }
            return
        }
        for shard in shards { openFile(shard, directory: directory) }
        // A file that could not be opened is named already; its tensors need not be as well.
        var unlisted = places
        for (tensor, shard) in shardOfTensor where names.contains(shard) {
            let place = unlisted.removeValue(forKey: tensor)
            if place != shard {
                let truth = place.map { "in \($0)" } ?? "in none of the files"
                problems.append(
                    .index(file: Self.index, reason: "the tensor \(tensor) is not in \(shard), but \(truth)"))
            }
        }
        for (tensor, shard) in unlisted.sorted(by: { $0.key < $1.key }) {
            problems.append(.index(file: Self.index, reason: "the tensor \(tensor) of \(shard) is not listed"))
        }
    }

    private static func weightMap(
        directory: String
    ) throws(CheckpointProblem) -> [(tensor: String, shard: String)] {
        let root = try readJSON(index, directory: directory)
        do {
            let map = try root.member("weight_map")
            var shardOfTensor: [(tensor: String, shard: String)] = []
            for (tensor, shard) in try map.object() {
                shardOfTensor.append((tensor, try JSONCursor(shard, path: "weight_map.\(tensor)").string()))
            }
            return shardOfTensor
        } catch {
            throw .json(file: index, error)
        }
    }

    /// A name without folders, so that an index cannot reach out of its own folder.
    private static func isPlainFileName(_ name: String) -> Bool {
        name.hasSuffix(".safetensors") && !name.hasPrefix(".")
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 }
    }
}

extension FileMapping {
    fileprivate func header(of name: String) throws(CheckpointProblem) -> SafetensorsHeader {
        do {
            return try SafetensorsHeader(bytes)
        } catch {
            throw .safetensors(file: name, error)
        }
    }
}
