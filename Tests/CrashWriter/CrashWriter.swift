import Dispatch
import Foundation
import JSON
import Retrieval

/// Writes to a data folder from several threads until it is killed, and says on standard output what was acknowledged.
///
///     CrashWriter <folder> <writers> <first number of each writer>...
///
/// Writer w does step n after step n - 1 was acknowledged: it stores, or removes, item `w-<n modulo 12>` as
/// `Step` has it, and then prints `<w> <n>`.
///
///     CrashWriter full <folder>
///
/// does as `FullDisk` says.
@main struct CrashWriter {
    static func main() async throws {
        let arguments = CommandLine.arguments
        if arguments[1] == "full" { return try await FullDisk.run(arguments[2]) }
        try write(arguments)
    }

    private static func write(_ arguments: [String]) throws {
        let store = try CollectionStore(folder: arguments[1], threads: 1)
        try store.load()
        let firsts = arguments.dropFirst(2).compactMap { Int($0) }
        for (writer, first) in firsts.enumerated() {
            Thread.detachNewThread {
                var number = first
                while true {
                    perform(Step(writer: writer, number: number), store)
                    let line = Array("\(writer) \(number)\n".utf8)
                    _ = Glibc.write(1, line, line.count)
                    number += 1
                }
            }
        }
        while true { sleep(1000) }
    }

    private static func perform(_ step: Step, _ store: CollectionStore) {
        let acknowledged = DispatchSemaphore(value: 0)
        do {
            if let item = try step.item {
                try store.put(item, into: "crash", from: .client(serving: nil)) { result in
                    if case .success = result { acknowledged.signal() } else { exit(9) }
                }
            } else {
                // That it is gone already is as good: a step is done again after a kill.
                try store.remove(try step.id, from: "crash") { result in
                    switch result {
                    case .success, .failure(.unknownItem): acknowledged.signal()
                    case .failure: exit(9)
                    }
                }
            }
        } catch {
            exit(9)
        }
        acknowledged.wait()
    }
}
