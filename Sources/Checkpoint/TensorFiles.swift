import JSON

/// The tensor files of a checkpoint folder, mapped: `model.safetensors`, or the files that `model.safetensors.index.json` names;
/// where neither is there, `pytorch_model.bin`, or the files that `pytorch_model.bin.index.json` names.
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

    /// How the tensors are stored.
    private let form: Form

    private enum Form: CaseIterable {
        case safetensors, torch

        /// The file of a checkpoint in one file.
        var single: String { self == .safetensors ? "model.safetensors" : "pytorch_model.bin" }
        var index: String { "\(single).index.json" }
        var suffix: String { self == .safetensors ? ".safetensors" : ".bin" }
    }

    init(directory: String) {
        self.directory = directory
        func isThere(_ name: String) -> Bool { fileExists("\(directory)/\(name)") }
        form = Form.allCases.first { isThere($0.index) || isThere($0.single) } ?? .safetensors
        if isThere(form.index), isThere(form.single) {
            problems.append(
                .index(file: form.index, reason: "\(form.single) is there as well; remove the one that is out of date"))
        } else if isThere(form.index) {
            openShards()
        } else {
            openFile(form.single)
        }
    }

    /// Maps one file and adds its tensors.
    private mutating func openFile(_ name: String) {
        do {
            let mapping = try FileMapping(path: "\(directory)/\(name)", file: name)
            let found = try mapping.tensors(of: name, isTorch: form == .torch)
            names.append(name)
            mappings.append(mapping)
            for tensor in found {
                tensors.append(tensor)
                if let other = places.updateValue(name, forKey: tensor.name) {
                    problems.append(.duplicateTensor(name: tensor.name, files: [other, name]))
                }
            }
        } catch {
            problems.append(error)
        }
    }

    private mutating func openShards() {
        let shardOfTensor: [(tensor: String, shard: String)]
        do {
            shardOfTensor = try weightMap()
        } catch {
            problems.append(error)
            return
        }
        let shards = Set(shardOfTensor.map(\.shard)).sorted()
        let unusable = shards.filter { !isPlainFileName($0) }
        guard unusable.isEmpty else {
            problems += unusable.map {
                .index(file: form.index, reason: "\"\($0)\" is not the name of a file in the same folder")
            }
            return
        }
        for shard in shards { openFile(shard) }
        // A file that could not be opened is named already; its tensors need not be as well.
        var unlisted = places
        for (tensor, shard) in shardOfTensor where names.contains(shard) {
            let place = unlisted.removeValue(forKey: tensor)
            if place != shard {
                let truth = place.map { "in \($0)" } ?? "in none of the files"
                problems.append(
                    .index(file: form.index, reason: "the tensor \(tensor) is not in \(shard), but \(truth)"))
            }
        }
        for (tensor, shard) in unlisted.sorted(by: { $0.key < $1.key }) {
            problems.append(.index(file: form.index, reason: "the tensor \(tensor) of \(shard) is not listed"))
        }
    }

    private func weightMap() throws(CheckpointProblem) -> [(tensor: String, shard: String)] {
        let root = try readJSON(form.index, directory: directory)
        do {
            let map = try root.member("weight_map")
            var shardOfTensor: [(tensor: String, shard: String)] = []
            for (tensor, shard) in try map.object() {
                shardOfTensor.append((tensor, try JSONCursor(shard, path: "weight_map.\(tensor)").string()))
            }
            return shardOfTensor
        } catch {
            throw .json(file: form.index, error)
        }
    }

    /// A name without folders, so that an index cannot reach out of its own folder.
    private func isPlainFileName(_ name: String) -> Bool {
        name.hasSuffix(form.suffix) && !name.hasPrefix(".")
            && !name.utf8.contains { $0 == UInt8(ascii: "/") || $0 < 0x20 }
    }
}

extension FileMapping {
    /// The tensors in the order of their bytes, or of the file's list.
    fileprivate func tensors(of name: String, isTorch: Bool) throws(CheckpointProblem) -> [StoredTensor] {
        if isTorch {
            do {
                return try TorchFile(bytes, owner: self).tensors
            } catch {
                throw .torch(file: name, error)
            }
        }
        do {
            let header = try SafetensorsHeader(bytes)
            return header.entries.map { StoredTensor($0, dataOffset: header.dataOffset, in: self) }
        } catch {
            throw .safetensors(file: name, error)
        }
    }
}
