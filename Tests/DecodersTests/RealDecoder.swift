import Decoders
import Foundation
import Media

/// The real decoder, and files for it.
enum RealDecoder {
    /// The program that SwiftPM built beside the tests.
    static let program = built("sensorium")
    static let tower = [ImageRendition.stretched(width: 64, height: 48, .bicubic)]

    private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "Fixtures/media")

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: fixtures.appending(path: name)))
    }

    /// Every image of these folders, by its path.
    static func images(in folders: String...) throws -> [String] {
        try folders.flatMap { folder in
            try FileManager.default.contentsOfDirectory(atPath: fixtures.appending(path: folder).path).sorted()
                .filter { $0.contains(/\.(jpg|png|webp|gif|bmp|heic|avif|tif)$/) }.map { "\(folder)/\($0)" }
        }
    }

    private static func built(_ name: String) -> String {
        URL(filePath: ("/proc/self/exe" as NSString).resolvingSymlinksInPath)
            .deletingLastPathComponent().appending(path: name).path
    }

    /// A program of which the first so many processes behave in another way: see `StandInDecoder`.
    static func standIn(_ behaviour: String, processes: Int) -> DecoderCommand {
        DecoderCommand(
            executable: built("StandInDecoder"), arguments: [behaviour, String(processes), String(256 << 20)])
    }

    static func command(memory: Int = 512 << 20) -> DecoderCommand {
        DecoderCommand(executable: program, arguments: [DecoderWorker.command, String(memory)])
    }

    /// What a decoder is kept in here.
    static func confinement() throws -> Confinement? {
        let decoders = processes()
        try decoders.check()
        return decoders.confinement
    }

    static func processes(_ count: Int = 1, memory: Int = 512 << 20, seconds: Int = 600) -> DecoderProcesses {
        DecoderProcesses(command(memory: memory), count: count, limit: .seconds(seconds), patience: .seconds(600))
    }
}

extension Sender {
    /// Whoever sends what a test sends.
    static let test = Sender("test")
}

/// What `work` refuses; nil where it refuses nothing.
func refusal<Value>(_ work: () throws -> Value) -> MediaError? {
    do {
        _ = try work()
        return nil
    } catch {
        return error as? MediaError
    }
}
