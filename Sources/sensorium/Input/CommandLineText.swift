import ArgumentParser
import Glibc
import Retrieval
import Synchronization

/// The program's arguments as texts. They are bytes, which need not be UTF-8 (`caf\351.jpg`): a byte that is none is written as
/// `\xE9`. Where an input file or a folder of photos is named, the name that was really given is found again when it is opened;
/// words for the model are refused; anything else means the text.
enum CommandLineText {
    /// What was given, by the text that stands for it; only where they differ.
    private static let originals = Mutex<[String: [UInt8]]>([:])

    /// The arguments behind the program's name.
    static func arguments() -> [String] {
        var texts: [String] = []
        // The system gives so many C strings, which stay where they are as long as the process lives.
        for place in 1..<max(1, Int(CommandLine.argc)) {
            guard let argument = CommandLine.unsafeArgv[place] else { break }
            texts.append(
                text(Array(UnsafeBufferPointer(start: argument, count: strlen(argument))).map { UInt8(bitPattern: $0) })
            )
        }
        return texts
    }

    /// The text of an argument; the value of `--option=value` is kept by itself too.
    static func text(_ bytes: [UInt8]) -> String {
        let name = FileName(bytes)
        guard !name.isText else { return name.text }
        keep(name)
        if bytes.starts(with: Array("--".utf8)), let sign = bytes.firstIndex(of: UInt8(ascii: "=")) {
            keep(FileName(Array(bytes[(sign + 1)...])))
        }
        return name.text
    }

    /// The bytes of the file's name that a text stands for.
    static func bytes(of text: String) -> [UInt8] { originals.withLock { $0[text] } ?? Array(text.utf8) }

    /// Refuses words that were not given in UTF-8: the model would read what stands for them.
    static func checkWords(_ words: String?, _ name: String) throws(ValidationError) {
        guard let words, originals.withLock({ $0[words] != nil }) else { return }
        throw ValidationError("\(name) has bytes that are no UTF-8: \(words). Give it in UTF-8.")
    }

    private static func keep(_ name: FileName) { originals.withLock { $0[name.text] = name.bytes } }
}
