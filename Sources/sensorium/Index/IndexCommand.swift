import ArgumentParser
import Dispatch
import Foundation
import Retrieval
import Synchronization

struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Put the photos and sounds of a folder into a collection.",
        discussion: """
            Every .jpg, .jpeg, .jpe, .jfif, .png, .webp, .gif, .bmp, .heic, .heif, .avif, .tif, .tiff, .wav, .flac, .ogg and .mp3 \
            file below the folder becomes an item, whose id is its path with \
            ":" in place of "/". Files that are there unchanged (by size and time) are left alone, so an interrupted run is \
            just started again. What the model has no place for is named and left out.

            A data folder belongs to one process. While a server has it, send the files to the server with --server.
            """)

    @Argument(help: ArgumentHelp("Folder of the photos and sounds.", valueName: "folder")) var folder: String
    @Option(help: "Name of the collection; it is made where it is missing.") var collection: String
    @OptionGroup var data: DataArguments
    @Option(help: ArgumentHelp("Send the files to a server, http://…, instead.", valueName: "url"))
    var server: Target?
    @Option(help: ArgumentHelp("API key of the server. (SENSORIUM_API_KEY)", valueName: "key"))
    var apiKey: String?
    @Flag(help: "Make the collection anew with the present model; it takes the place of the old one at the end.")
    var reembed = false
    @Flag(help: "With --reembed: let go of items that have no file in the folder.") var dropMissing = false
    @OptionGroup var model: ModelArguments

    func validate() throws {
        guard CollectionName.isValid(collection) else { throw ValidationError("\(RetrievalError.invalidName)") }
        guard server == nil || !reembed else {
            throw ValidationError("--reembed works on a data folder; end the server, and leave --server out.")
        }
        guard reembed || !dropMissing else { throw ValidationError("--drop-missing belongs to --reembed.") }
    }

    func run() throws {
        let files: MediaFolder
        do {
            files = try MediaFolder(folder)
        } catch {
            throw CommandFailure.usage("The folder \(folder) is not there, or is no folder.")
        }
        guard let server else { return try indexHere(files) }
        try index(files, into: ServerDestination(ServerClient(server, apiKey: apiKey), collection: collection))
    }

    private func indexHere(_ files: MediaFolder) throws {
        let store = try data.open(advice: " Or send the files to its server with --server http://…")
        defer { store.close() }
        let loaded = try model.load()
        let embedder = try MediaEmbedder(loaded)
        try index(
            files,
            into: StoreDestination(
                store, collection: collection, model: ModelOrigin(name: loaded.name, digest: loaded.digest),
                remake: reembed ? dropMissing ? .droppingMissing : .whole : nil, takes: embedder.kinds,
                embed: { embedder.embed($0) }))
    }

    private func index(_ files: MediaFolder, into destination: any IndexDestination) throws {
        let bar = ProgressBar()
        let outcome = Mutex<Result<FolderIndexer.Progress, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        Task {
            do {
                let progress = try await FolderIndexer(files, into: destination).run(
                    report: { bar.show($0) },
                    fail: { path, error in
                        bar.clear()
                        reportFailure(path, error)
                    })
                outcome.withLock { $0 = .success(progress) }
            } catch {
                outcome.withLock { $0 = .failure(error) }
            }
            done.signal()
        }
        done.wait()
        bar.clear()
        guard let progress = try outcome.withLock({ try $0?.get() }) else { return }
        print(Self.summary(progress, collection))
        if progress.failed.count > 0 {
            throw CommandFailure.failed("\(progress.failed) of \(progress.total) files could not be stored.")
        }
    }

    /// `2 photos and 1 sound stored in "p", 3 photos unchanged, 1 sound left out.`
    private static func summary(_ progress: FolderIndexer.Progress, _ collection: String) -> String {
        "\(progress.stored) stored in \"\(collection)\", \(progress.unchanged) unchanged"
            + (progress.leftOut.count > 0 ? ", \(progress.leftOut) left out" : "") + "."
    }
}
