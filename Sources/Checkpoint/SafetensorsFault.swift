import JSON

/// Why a file is not sound safetensors. The cases are those of huggingface/safetensors (`SafeTensorError`), which all
/// its readers share; some carry the tensor's name on top.
public enum SafetensorsFault: Error, Equatable, Sendable {
    /// Fewer than the eight bytes of the header's length.
    case headerTooSmall(bytes: Int)
    /// The header claims more than 100 MB.
    case headerTooLarge(length: UInt64)
    /// The header is longer than the file.
    case invalidHeaderLength(length: UInt64, available: Int)
    /// The header is not UTF-8.
    case invalidUTF8
    /// The header is not the JSON that it must be.
    case invalidJSON(JSONError)
    /// The element type has no such name.
    case unknownElementType(tensor: String, found: String)
    /// The tensors' bytes leave a gap, overlap, run backwards or do not start at zero.
    case invalidOffset(tensor: String, begin: Int, end: Int, expectedBegin: Int)
    /// Shape and element type need another number of bytes than the offsets span.
    case tensorInvalidInfo(tensor: String, bytes: Int, expected: Int)
    /// The number of elements or bytes exceeds 64 bits.
    case validationOverflow(tensor: String)
    /// Elements smaller than a byte do not fill whole bytes.
    case misalignedSlice(tensor: String)
    /// The tensors end before or behind the end of the file.
    case metadataIncompleteBuffer(described: Int, available: Int)
}

extension SafetensorsFault: CustomStringConvertible {
    /// A sentence for a person.
    public var description: String {
        switch self {
        case .headerTooSmall(let bytes):
            "The file has \(bytes) bytes, too few for a safetensors header."
        case .headerTooLarge(let length):
            "The header claims to have \(length) bytes; at most \(SafetensorsHeader.maximumLength) are read."
        case .invalidHeaderLength(let length, let available):
            "The header claims to have \(length) bytes, but \(available) follow; the file is cut or not safetensors."
        case .invalidUTF8:
            "The header is not UTF-8; the file is damaged or not safetensors."
        case .invalidJSON(let error):
            "The header is not what safetensors demands. \(error)"
        case .unknownElementType(let tensor, let found):
            "The tensor \(tensor) has the unknown element type \"\(found)\"."
        case .invalidOffset(let tensor, let begin, let end, let expected):
            "The tensor \(tensor) claims the bytes \(begin) to \(end), but must begin at \(expected) and not end before."
        case .tensorInvalidInfo(let tensor, let bytes, let expected):
            "The tensor \(tensor) has \(bytes) bytes, but its shape and element type need \(expected)."
        case .validationOverflow(let tensor):
            "The tensor \(tensor) has a shape whose size exceeds 64 bits."
        case .misalignedSlice(let tensor):
            "The tensor \(tensor) has elements smaller than a byte that do not fill whole bytes."
        case .metadataIncompleteBuffer(let described, let available):
            "The header describes \(described) bytes of tensors, but \(available) follow it; the file is cut or has a tail."
        }
    }
}
