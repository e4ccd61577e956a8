import Foundation

/// The commands of a document: what stands in its indented blocks. In a block with a prompt they are the lines behind it,
/// and what follows each is what it prints; in others every line is one.
struct DocumentCommands {
    /// A command as it is written, and what the document shows of its answer.
    struct Command {
        let line: String
        var shown = ""
    }

    private(set) var commands: [Command] = []

    init(_ markdown: String) {
        var block: [String] = []
        for line in markdown.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) {
            if line.hasPrefix("    ") {
                block.append(String(line.dropFirst(4)))
            } else if line.isEmpty, !block.isEmpty {
                // A blank line may be part of a block.
                block.append("")
            } else {
                take(block)
                block = []
            }
        }
        take(block)
    }

    private mutating func take(_ block: [String]) {
        let hasPrompt = block.contains { $0.hasPrefix("$ ") }
        var isTaken = false
        for line in block where !line.isEmpty {
            if !hasPrompt || line.hasPrefix("$ ") {
                let command = hasPrompt ? String(line.dropFirst(2)) : line
                isTaken = Self.programs.contains { command.hasPrefix($0 + " ") }
                if isTaken { commands.append(Command(line: command)) }
            } else if isTaken, let last = commands.indices.last {
                commands[last].shown += line + "\n"
            }
        }
    }

    private static let programs = ["curl", "sensorium", ".build/release/sensorium", "make"]
}
