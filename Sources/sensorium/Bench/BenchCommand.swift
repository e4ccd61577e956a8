import ArgumentParser

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure a running server or the engine; prints JSON.",
        subcommands: [
            LoadCommand.self, OverloadCommand.self, HostileCommand.self, SoakCommand.self, StagesCommand.self,
            TowerCommand.self, DecodeCommand.self,
            VectorSearchCommand.self, StoreCommand.self,
        ])
}
