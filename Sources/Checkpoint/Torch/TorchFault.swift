/// Why a file of tensors as `torch.save` writes them cannot be read.
public enum TorchFault: Error, Equatable, Sendable {
    /// A pickle without the zip archive around it, as PyTorch wrote it before 1.6, or something else altogether.
    case noArchive(isPickle: Bool)
    /// The zip archive is not sound: a sentence, which begins with "The".
    case archive(String)
    /// An entry is compressed, or encrypted; `torch.save` stores entries as they are.
    case encoded(entry: String)
    /// An entry that must be there is missing.
    case missingEntry(String)
    /// Bytes in an order other than this machine's.
    case byteOrder(String)
    /// The pickle ends before it says so, or says what makes no sense there; `position` counts its bytes.
    case pickle(position: Int, reason: String)
    /// The pickle asks for a function or a type that no tensor needs.
    case call(String)
    /// The pickle has an instruction that no tensor needs.
    case instruction(UInt8, position: Int)
    /// The pickle is larger than any list of tensors.
    case tooLarge(String)
    /// What was saved is not tensors by their names: a sentence.
    case content(String)
    /// A tensor's shape, strides and storage do not fit each other.
    case view(tensor: String, reason: String)
}

extension TorchFault: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .noArchive(let isPickle):
            (isPickle
                ? "The file has the form that PyTorch wrote before version 1.6"
                : "The file is no zip archive, as torch.save writes one")
                + "; load it with PyTorch and save its tensors as model.safetensors (safetensors.torch.save_file)."
        case .archive(let sentence): sentence
        case .encoded(let entry):
            "The entry \(entry) is compressed or encrypted; torch.save stores entries as they are, and only those are read."
        case .missingEntry(let entry): "The entry \(entry) is missing from the archive."
        case .byteOrder(let found):
            "The tensors have the byte order \"\(found)\"; only \"little\" is read: save them as model.safetensors."
        case .pickle(let position, let reason): "The pickle data.pkl is not sound at byte \(position): \(reason)."
        case .call(let name):
            "The file asks to run \(name), which no tensor needs; only tensors are read from it, and nothing is run."
        case .instruction(let code, let position):
            "The pickle data.pkl has the instruction 0x\(String(code, radix: 16)) at byte \(position), which no tensor needs."
        case .tooLarge(let what): "The pickle data.pkl has \(what), which no list of tensors needs."
        case .content(let sentence): sentence
        case .view(let tensor, let reason): "The tensor \(tensor) \(reason)."
        }
    }
}
