import ArgumentParser
// To the compiler the standard streams are variables, which nothing here assigns.
@preconcurrency import Glibc
import Tokenizer

/// Shows how the text tower reads a text.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Read lines from standard input and write the token ids of each.",
        discussion: """
            A backslash in the input begins an escape of JSON: \\n, \\u00e9, \\\\.
            """)

    @Option(help: ArgumentHelp("Folder of the checkpoint. (SENSORIUM_MODEL)", valueName: "folder"))
    var model = ModelFolder.standard

    @Option(help: "Cut each line to this many tokens, special tokens included.")
    var maxTokens: Int?

    @Flag(help: "Leave out [CLS] and [SEP].")
    var bare = false

    @Flag(help: "Write the pieces, separated by tabs, in place of their ids.")
    var pieces = false

    func run() throws {
        let tokenizer: WordPieceTokenizer
        do {
            tokenizer = try WordPieceTokenizer(contentsOf: "\(model)/tokenizer.json")
        } catch {
            throw ModelFolder.failure(model, error)
        }
        let tokenize = TokenizeLines(
            tokenizer, maxTokens: maxTokens ?? .max, addSpecialTokens: !bare, showsPieces: pieces)
        var number = 0
        while let line = readLine() {
            number += 1
            guard let tokens = tokenize(line) else {
                throw CommandFailure.failed("Line \(number) has an escape that JSON does not know.")
            }
            try StandardOutput.print(tokens)
        }
        // `readLine` says of an error what it says of the end.
        let cause = errno
        guard ferror(stdin) == 0 else {
            throw CommandFailure.failed("Standard input cannot be read: \(String(cString: strerror(cause))).")
        }
    }
}
