import ArgumentParser
// To the compiler the standard streams are variables, which nothing here assigns.
@preconcurrency import Glibc
import Tokenizer

/// Shows how a model reads a text.
struct TokenizeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Read lines from standard input and write the token ids of each.",
        discussion: """
            A backslash in the input begins an escape of JSON: \\n, \\u00e9, \\\\. The folder need be no checkpoint: a
            tokenizer.json in it is enough.
            """)

    @Option(help: ModelFolder.help)
    var model: String?

    @Option(help: "Cut each line to this many tokens, special tokens included.")
    var maxTokens: Int?

    @Flag(help: "Leave out special tokens such as [CLS] and [SEP]; with --decode, put them in.")
    var bare = false

    @Flag(help: "Write the pieces, separated by tabs, in place of their ids.")
    var pieces = false

    @Flag(help: "Take a tab in a line for the border between the two texts of a pair.")
    var pairs = false

    @Flag(help: "Read ids, separated by blanks, and write the text of each line of them.")
    var decode = false

    func validate() throws {
        if decode, pieces || pairs || maxTokens != nil {
            throw ValidationError("--decode goes with none of --pieces, --pairs and --max-tokens.")
        }
    }

    func run() throws {
        let model = model ?? ModelFolder.standard
        let tokenizer: Tokenizer
        do {
            tokenizer = try Tokenizer(folder: model)
        } catch {
            throw ModelFolder.failure(model, error)
        }
        let tokenize = TokenizeLines(
            tokenizer, maxTokens: maxTokens ?? .max, addSpecialTokens: !bare,
            output: decode ? .text : pieces ? .pieces : .ids, takesPairs: pairs)
        var number = 0
        while let line = readLine() {
            number += 1
            guard let tokens = tokenize(line) else {
                throw CommandFailure.failed(
                    decode
                        ? "Line \(number) has something that is no whole number."
                        : "Line \(number) has an escape that JSON does not know.")
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
