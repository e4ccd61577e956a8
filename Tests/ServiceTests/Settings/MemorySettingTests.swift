import Foundation
import TemporaryFolders
import Testing

@testable import Service

@Suite struct `Memory for uploads` {
    /// A configuration with a checkpoint of so many MiB.
    private func configuration(
        checkpoint megabytes: Int, _ folder: TemporaryFolder, file name: String = "model.safetensors"
    ) throws -> ServiceConfiguration {
        var configuration = ServiceConfiguration()
        configuration.models = [ModelSource(folder: folder.path)]
        let file = "\(folder.path)/\(name)"
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        try FileHandle(forWritingTo: URL(filePath: file)).truncate(atOffset: UInt64(megabytes) << 20)
        return configuration
    }

    /// What the server and its decoders need beside a checkpoint, in MiB.
    private let needed = (ServiceConfiguration.serverMemory + 2 * ServiceConfiguration.decoderMemory) >> 20

    @Test func `is what a limit leaves beside checkpoint, server and decoders`() throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(checkpoint: 100, folder)
        let says = try configuration.settleMemory(limit: (100 + needed + 150) << 20, from: "memory.max")
        #expect(configuration.maxMemory == 150 << 20)
        #expect(configuration.memory == 150 << 20)
        for part in ["memory.max is \(100 + needed + 150) MiB", "(100 MiB)", "may take 150MiB"] {
            #expect(says.contains(part), "\(says)")
        }
    }

    @Test func `a checkpoint that PyTorch wrote counts where it is read`() throws {
        let folder = try TemporaryFolder()
        var torch = try configuration(checkpoint: 100, folder, file: "pytorch_model.bin")
        #expect(try torch.settleMemory(limit: 4 << 30, from: "memory.max").contains("(100 MiB)"))
        var both = try configuration(checkpoint: 70, folder)
        #expect(try both.settleMemory(limit: 4 << 30, from: "memory.max").contains("(70 MiB)"))
    }

    @Test(arguments: [nil, 4 << 30])
    func `is 512 MiB where there is no limit, or a high one`(_ limit: Int?) throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(checkpoint: 100, folder)
        let says = try configuration.settleMemory(limit: limit, from: "memory.max")
        #expect(configuration.maxMemory == 512 << 20)
        #expect(says.contains("512MiB"))
    }

    @Test func `is what was given, and where that is too much the log says so`() throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(checkpoint: 100, folder)
        configuration.maxMemory = 200 << 20
        let says = try configuration.settleMemory(limit: 400 << 20, from: "memory.max")
        #expect(configuration.maxMemory == 200 << 20)
        #expect(says.contains("too much") && says.contains("memory.max"))
        let fits = try configuration.settleMemory(limit: 500 << 20, from: "memory.max")
        #expect(!fits.contains("too much"))
    }

    @Test func `that no body fits into is refused, with what to do`() throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(checkpoint: 300, folder)
        let error = #expect(throws: Setting.Invalid.self) {
            try configuration.settleMemory(limit: (300 + needed + 36) << 20, from: "memory.max")
        }
        #expect(error?.description.contains("leaves 36 MiB") == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("Raise the limit") == true)
        configuration.maxBody = 1 << 20
        #expect(throws: Never.self) {
            try configuration.settleMemory(limit: (300 + needed + 36) << 20, from: "memory.max")
        }
        configuration.maxMemory = 0
        #expect(throws: Setting.Invalid.self) { try configuration.settleMemory(limit: 1 << 20, from: "memory.max") }
    }
}
