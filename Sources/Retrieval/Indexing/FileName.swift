import Glibc

/// The name or path of a file: bytes, as the system has them, which are UTF-8 almost always.
public struct FileName: Sendable, Hashable {
    /// What the system calls the file by.
    public let bytes: [UInt8]

    /// The name of those bytes.
    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The name that is that text.
    public init(_ text: String) { self.init(Array(text.utf8)) }

    /// Whether it is UTF-8.
    public var isText: Bool { String(validating: bytes, as: UTF8.self) != nil }

    /// For people and JSON: the name, with `\xE9` in place of a byte 0xE9 that is no UTF-8.
    public var text: String { escaped { "\\x" + $0 } }

    /// What follows the last "." of the last step, in small letters; empty where there is none.
    public var ending: String {
        let last = bytes.split(separator: UInt8(ascii: "/")).last ?? []
        guard let dot = last.lastIndex(of: UInt8(ascii: ".")), dot > last.startIndex else { return "" }
        return FileName(Array(last[(dot + 1)...])).text.lowercased()
    }

    /// This name below a folder of another.
    public func below(_ folder: FileName) -> FileName {
        folder.bytes.isEmpty ? self : FileName(folder.bytes + [UInt8(ascii: "/")] + bytes)
    }

    /// As the system's calls take it.
    public var cString: [CChar] { bytes.map { CChar(bitPattern: $0) } + [0] }

    /// The name with something else in place of each byte that is no UTF-8, which is given as `E9`.
    func escaped(_ escape: (String) -> String) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var text = String.UnicodeScalarView()
        var parser = Unicode.UTF8.ForwardParser()
        var rest = bytes.makeIterator()
        var place = 0
        while true {
            switch parser.parseScalar(from: &rest) {
            case .valid(let scalar):
                text.append(Unicode.UTF8.decode(scalar))
                place += scalar.count
            case .error(let length):
                for byte in bytes[place..<place + length] {
                    text += escape((byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)).unicodeScalars
                }
                place += length
            case .emptyInput: return String(text)
            }
        }
    }
}

extension FileName {
    /// The id of the item that the file of this path becomes: the path with ":" in place of "/". A ":" or "%" of the path itself
    /// is percent-encoded, and so is a byte that is no UTF-8, so that no two files share an id. Nil where the path is too long
    /// for an id, or has control characters.
    public var id: ItemID? {
        let steps = bytes.flatMap { byte -> [UInt8] in
            switch byte {
            case UInt8(ascii: "%"): Array("%25".utf8)
            case UInt8(ascii: ":"): Array("%3A".utf8)
            case UInt8(ascii: "/"): [UInt8(ascii: ":")]
            default: [byte]
            }
        }
        return ItemID(FileName(steps).escaped { "%" + $0 })
    }

    /// The path of the file that became an item of that id; nil for an id that no file has.
    public init?(id: String) {
        var bytes: [UInt8] = []
        var rest = Array(id.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: ":"): bytes.append(UInt8(ascii: "/"))
            case UInt8(ascii: "%"):
                guard let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16), rest.count >= 2
                else { return nil }
                bytes.append(value)
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        self.init(bytes)
    }
}

extension FileName {
    /// Why a file cannot be read, for the end of a sentence.
    public struct Unreadable: Error, CustomStringConvertible {
        /// Such as "Permission denied".
        public let description: String

        /// The reason in words.
        public init(description: String) { self.description = description }

        static var system: Unreadable { Unreadable(description: String(cString: strerror(errno))) }
    }

    /// The bytes of the file, or of a pipe until it ends.
    ///
    /// - Parameters:
    ///   - isBeginning: whether `limit` bytes are enough; else a file that has more is refused.
    public func contents(limit: Int = 2 << 30, isBeginning: Bool = false) throws(Unreadable) -> [UInt8] {
        let descriptor = open(cString, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system }
        defer { close(descriptor) }
        return try Self.contents(of: descriptor, limit: limit, isBeginning: isBeginning)
    }

    /// What an open file or pipe has, from where it is read.
    public static func contents(
        of descriptor: Int32, limit: Int = 2 << 30, isBeginning: Bool = false
    ) throws(Unreadable) -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system }
        guard status.st_mode & S_IFMT != S_IFDIR else {
            throw Unreadable(description: "it is a folder; name the files in it")
        }
        // What is left of a file. A pipe has no size, and a file may grow while it is read.
        let rest = Int(status.st_size) - max(0, Int(lseek(descriptor, 0, SEEK_CUR)))
        let tooLarge = Unreadable(description: "it has more than \(limit >> 20) MiB")
        guard rest <= limit || isBeginning else { throw tooLarge }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(max(0, min(rest, limit)))
        var piece = [UInt8](repeating: 0, count: min(limit, 256 << 10))
        while true {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count == 0 { return bytes }
            if count > 0 {
                bytes += piece.prefix(count)
                if bytes.count >= limit, isBeginning { return bytes }
                guard bytes.count <= limit else { throw tooLarge }
            } else if errno != EINTR {
                throw .system
            }
        }
    }
}
