import ArgumentParser
import Dispatch
import Foundation
import Media
import Retrieval
import Synchronization
import Tasks

struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Put the photos of a folder into a collection.",
        discussion: """
            Every .jpg, .jpeg and .png file below the folder becomes an item, whose id is its path with ":" in place of "/". \
            Photos that are there unchanged (by size and time) are left out, so an interrupted run is just started again.

            A data folder belongs to one process. While a server has it, send the photos to the server with --server.
            """)

    @Argument(help: ArgumentHelp("Folder of the photos.", valueName: "folder")) var folder: String
    @Option(help: "Name of the collection; it is made where it is missing.") var collection: String
    @Option(help: ArgumentHelp("Folder of the collections. (SENSORIUM_DATA)", valueName: "folder"))
    var data = ProcessInfo.processInfo.environment["SENSORIUM_DATA"] ?? "./data"
    @Option(help: ArgumentHelp("Send the photos to a server, http://…, instead.", valueName: "url"))
    var server: Target?
    @Option(help: ArgumentHelp("API key of the server. (SENSORIUM_API_KEY)", valueName: "key"))
    var apiKey: String?
    @Flag(help: "Make the collection anew with the present model; it takes the place of the old one at the end.")
    var reembed = false
    @Flag(help: "With --reembed: let go of items that have no photo in the folder.") var dropMissing = false
    @OptionGroup var model: ModelArguments

    func validate() throws {
        guard CollectionName.isValid(collection) else { throw ValidationError("\(RetrievalError.invalidName)") }
        guard server == nil || !reembed else {
            throw ValidationError("--reembed works on a data folder; end the server, and leave --server out.")
        }
        guard reembed || !dropMissing else { throw ValidationError("--drop-missing belongs to --reembed.") }
    }

    func run() throws {
        let photos: PhotoFolder
        do {
            photos = try PhotoFolder(folder)
        } catch {
            throw CommandFailure.usage("The folder \(folder) is not there, or is no folder.")
        }
        guard let server else { return try indexHere(photos) }
        let key = apiKey ?? ProcessInfo.processInfo.environment["SENSORIUM_API_KEY"]
        try index(photos, into: ServerDestination(server, collection: collection, apiKey: key))
    }

    private func indexHere(_ photos: PhotoFolder) throws {
        let store = try DataArguments.open(data, advice: " Or send the photos to its server with --server http://…")
        defer { store.close() }
        let loaded = try model.load()
        guard let input = loaded.space?.inputs.first(where: { $0.part == "image" }) else {
            throw CommandFailure.failed(
                "The model \(loaded.name) has no space in which images can be compared with other things.")
        }
        try index(
            photos,
            into: StoreDestination(
                store, collection: collection, model: ModelOrigin(name: loaded.name, digest: loaded.digest),
                remake: reembed ? dropMissing ? .droppingMissing : .whole : nil,
                embed: { PhotoEmbedder(model: loaded, tower: input.tower).embed($0) }))
    }

    private func index(_ photos: PhotoFolder, into destination: any IndexDestination) throws {
        let bar = ProgressBar()
        let outcome = Mutex<Result<FolderIndexer.Progress, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        Task {
            do {
                let progress = try await FolderIndexer(photos, into: destination).run(
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
        print("\(progress.stored) photo(s) stored in \"\(collection)\", \(progress.unchanged) unchanged.")
        if progress.failed > 0 {
            throw CommandFailure.failed("\(progress.failed) of \(progress.total) photos could not be stored.")
        }
    }
}

/// The vectors of photos, given as files.
struct PhotoEmbedder: Sendable {
    let model: LoadedModel
    let tower: String

    func embed(_ files: [[UInt8]]) -> [Result<[Float], any Error>] {
        let prepared = files.map { bytes in Result { try pixels(bytes) } }
        let good = prepared.compactMap { try? $0.get() }
        let tokens = model.encode(good.map { (tower, .pixels($0)) })
        let vectors = Result { try model.embed(tokens.map { SpaceQuery(parts: ["image": $0]) }).map(\.vector) }
        var next = 0
        return prepared.map { pixels in
            Result {
                _ = try pixels.get()
                defer { next += 1 }
                return try vectors.get()[next]
            }
        }
    }

    private func pixels(_ bytes: [UInt8]) throws -> [Float] {
        guard let preprocessor = model.preprocessor else {
            throw CommandFailure.failed("The model \(model.name) has no image tower.")
        }
        return preprocessor(
            try ImageDecoder.decode(
                bytes, limits: ImageLimits(maxBytes: .max), atLeast: (preprocessor.width, preprocessor.height)))
    }
}

/// The data folder of commands.
enum DataArguments {
    /// Opens and loads it, or ends with exit code 5.
    static func open(_ path: String, advice: String = "") throws(CommandFailure) -> CollectionStore {
        do throws(RetrievalError) {
            let store = try CollectionStore(folder: path, threads: 1)
            try store.load()
            return store
        } catch {
            if case .folderInUse = error { throw .data(error.description + advice) }
            throw .data(error.description)
        }
    }
}
