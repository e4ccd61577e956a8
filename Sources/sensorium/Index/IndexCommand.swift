import ArgumentParser
import Dispatch
import Media
import Retrieval
import Synchronization

struct IndexCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index", abstract: "Put the photos and sounds of a folder into a collection.",
        discussion: """
            Every photo and sound below the folder becomes an item, whose id is its path with ":" in place of "/". They are told by \
            their bytes, whatever their names: \(ImageFormat.names) images; \(AudioFormat.acceptedList) sounds. Files that are \
            there unchanged (by size and time) are left alone, so an interrupted run is just started again. A file that was moved \
            within the folder keeps one item. Other files are skipped and counted by what they are; hidden files and links are \
            passed over. What the model has no place for is named and left out.

            A collection is filled from one folder: items of another are taken for files that are gone.

            A data folder belongs to one process. While a server has it, send the files to the server with --server.
            """)

    @Argument(help: ArgumentHelp("Folder of the photos and sounds.", valueName: "folder")) var folder: String
    @Option(help: "Name of the collection; it is made where it is missing.") var collection: String
    @OptionGroup var data: DataArguments
    @Option(
        help: ArgumentHelp("Send the files to a server, http://…, instead.", valueName: "url"),
        transform: Target.init(argument:))
    var server: Target?
    @Option(help: ArgumentHelp("API key of the server. (SENSORIUM_API_KEY)", valueName: "key"))
    var apiKey: String?
    @Flag(help: "Make the collection anew with the present model; it takes the place of the old one at the end.")
    var reembed = false
    @Flag(
        help: """
            Let go of items whose file is not in the folder any more; with --reembed also of those that were made of no file.
            """)
    var dropMissing = false
    @Flag(help: "Print one JSON object for each file, with what became of it, and one that counts them.")
    var json = false
    @OptionGroup var model: ModelArguments

    func validate() throws {
        guard CollectionName.isValid(collection) else { throw ValidationError("\(RetrievalError.invalidName)") }
        guard server == nil || !reembed else {
            throw ValidationError("--reembed works on a data folder; end the server, and leave --server out.")
        }
    }

    func run() throws {
        let files: MediaFolder
        do {
            files = try MediaFolder(FileName(CommandLineText.bytes(of: folder)))
        } catch {
            throw CommandFailure.usage("The folder \(folder) cannot be read: \(error.reason).")
        }
        guard let server else { return try indexHere(files) }
        try index(files, into: ServerDestination(ServerClient(server, apiKey: apiKey), collection: collection))
    }

    private func indexHere(_ files: MediaFolder) throws {
        let store = try data.open(advice: " Or send the files to its server with --server http://…")
        defer { store.close() }
        let service = try LocalService(model)
        defer { service.close() }
        let served = try service.model
        let embedder = try MediaEmbedder(service, served)
        try index(
            files,
            into: StoreDestination(
                store, collection: collection,
                model: ModelOrigin(name: served.name, digest: served.digest, formerDigest: served.formerDigest),
                remake: reembed ? dropMissing ? .droppingMissing : .whole : nil, takes: served.kinds,
                embed: { await embedder.embed($0) }))
    }

    private func index(_ files: MediaFolder, into destination: any IndexDestination) throws {
        let report = IndexReport(json: json)
        let indexer = FolderIndexer(files, into: destination, recognition: .ofMedia, dropsMissing: dropMissing)
        let outcome = Mutex<Result<IndexProgress, any Error>?>(nil)
        let done = DispatchSemaphore(value: 0)
        Task {
            let result: Result<IndexProgress, any Error>
            do {
                result = .success(
                    try await indexer.run(report: { report.show($0) }, note: { report.note($0, $1) }))
            } catch {
                result = .failure(error)
            }
            outcome.withLock { $0 = result }
            done.signal()
        }
        done.wait()
        report.clear()
        guard let progress = try outcome.withLock({ try $0?.get() }) else { return }
        try report.end()
        let summary = IndexSummary(progress, files, collection: collection)
        try StandardOutput.print(json ? summary.json : summary.text)
        if let failure = summary.failure(folder) { throw failure }
    }
}

extension FileRecognition {
    /// What is decoded here is a photo or a sound.
    static let ofMedia = FileRecognition(bytes: FileSort.bytes) { path, beginning in
        switch FileSort(beginning: beginning, ending: path.ending) {
        case .image: .media(.image)
        case .audio: .media(.audio)
        case .other(let name): .other(name)
        }
    }
}

extension ImageFormat {
    /// "JPEG and PNG".
    static var names: String {
        let names = allCases.map(\.name)
        return names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }
}
