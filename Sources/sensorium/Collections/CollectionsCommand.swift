import ArgumentParser
import Retrieval

struct CollectionsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "collections", abstract: "Check or repair a data folder that no server has open.",
        subcommands: [CheckCommand.self, RepairCommand.self])
}

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Read everything and hold it against its checksums; changes nothing.",
        discussion: "Prints a line for each fault. Exit code 0 where there is none, 1 where there are some.")

    @OptionGroup var folder: DataArguments

    func run() throws {
        let check = try folder.collections { path throws(RetrievalError) in try CollectionStore.check(folder: path) }
        for fault in check.faults { try StandardOutput.print(fault.description) }
        guard check.faults.isEmpty else {
            throw CommandFailure.failed(
                "\(check.summary), faults: \(check.faults.count). \"sensorium collections repair --data "
                    + "\(folder.data)\" keeps what can be read.")
        }
        try StandardOutput.print(
            check.hasChecksums
                ? "\(check.summary): all as they were written."
                : "\(check.summary): no fault was seen, but there are no checksums yet. The next start writes them.")
    }
}

struct RepairCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repair", abstract: "Write what can be read to a new database, and say what is lost.",
        discussion: """
            The damaged database is kept beside the new one under another name, which is printed; delete it when you have \
            what you want of it. A folder without faults is left as it is.
            """)

    @OptionGroup var folder: DataArguments

    func run() throws {
        let check = try folder.collections { path throws(RetrievalError) in try CollectionStore.check(folder: path) }
        guard !check.faults.isEmpty else {
            try StandardOutput.print("\(check.summary): there is nothing to repair.")
            return
        }
        for fault in check.faults { try StandardOutput.print(fault.description) }
        let repair = try folder.collections { path throws(RetrievalError) in try CollectionStore.repair(folder: path) }
        for fault in repair.lost { try StandardOutput.print("Lost: \(fault)") }
        try StandardOutput.print("Kept items: \(repair.items), collections: \(repair.collections).")
        if let moved = repair.moved { try StandardOutput.print("The damaged database is kept as \(moved).") }
    }
}

extension StoreCheck {
    /// What is as it was written.
    fileprivate var summary: String { "Items: \(items), collections: \(collections)" }
}

extension DataArguments {
    /// Runs `body` on the folder; a failure ends with exit code 5.
    fileprivate func collections<Value>(
        _ body: (String) throws(RetrievalError) -> Value
    ) throws(CommandFailure) -> Value {
        do throws(RetrievalError) {
            return try body(data)
        } catch {
            throw .data(error.description)
        }
    }
}
