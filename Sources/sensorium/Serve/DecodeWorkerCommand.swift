import ArgumentParser
import Decoders
import Glibc

/// What `serve` starts to decode uploads; of no use to people.
struct DecodeWorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: DecoderWorker.command, abstract: "Decode what comes by standard input.", shouldDisplay: false)

    @Argument(help: "Bytes that the process may take.") var memory: Int

    func run() { Glibc.exit(DecoderWorker.run(memory: memory)) }
}
