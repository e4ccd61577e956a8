import ArgumentParser

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a running server or the engine; prints JSON.",
        subcommands: [
            LoadCommand.self, SoakCommand.self, StagesCommand.self, TowerCommand.self, DecodeCommand.self,
            VectorSearchCommand.self, StoreCommand.self,
        ])
}
