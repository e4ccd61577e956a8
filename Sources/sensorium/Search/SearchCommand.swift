import ArgumentParser
import Glibc
import JSON
import OperatingSystem
import Retrieval
import Terminal

struct SearchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search", abstract: "Find what is nearest to words, a picture or a sound in a collection.",
        discussion: """
            sensorium search --collection photos --text "waves on the beach"
            sensorium search --collection photos --audio sea.ogg --server http://127.0.0.1:8080
            sensorium search --collection photos --image dog.jpg --text "on a beach" --weight 0.7

            Several keys make one query. A terminal gets a table, with previews of photos where it can show pictures and \
            --folder says where the files are; anything else gets the JSON of /v1/retrieve.

            A data folder belongs to one process. While a server has it, ask the server with --server.
            """)

    /// What is to be found.
    enum Kind: String, CaseIterable, ExpressibleByArgument { case image, audio }

    /// How previews are shown.
    enum Previews: String, CaseIterable, ExpressibleByArgument { case auto, kitty, sixel, off }

    @Option(help: "Name of the collection.") var collection: String
    @Option(help: "Words that say what is looked for, or how it differs from the picture.") var text: String?
    @Option(help: ArgumentHelp("A picture: a photo or a sketch.", valueName: "file")) var image: String?
    @Option(help: ArgumentHelp("A WAV, FLAC, Ogg or MP3 file.", valueName: "file")) var audio: String?
    @Option(help: "What the picture is; auto looks for itself.") var view: ViewArgument?
    @Option(help: "The share of the words beside another key: 0 without them, 1 nothing else.") var weight: Double?
    @Option(help: "How many hits at most.") var top = 10
    @Option(help: "Find only photos (image) or only sounds (audio) that sensorium index put there.") var kind: Kind?
    @Flag(help: "Say what each hit is nearest to among the phrases of the model.") var explain = false
    @Flag(inversion: .prefixedNo, help: "Print JSON instead of a table; so it is where no terminal reads.")
    var json: Bool?
    @Option(help: ArgumentHelp("Folder that was indexed, to show previews of its photos.", valueName: "folder"))
    var folder: String?
    @Option(help: "How previews are shown; auto finds out what the terminal can do.") var previews = Previews.auto
    @OptionGroup var data: DataArguments
    @Option(
        help: ArgumentHelp("Ask a server, http://…, instead of a data folder.", valueName: "url"),
        transform: Target.init(argument:))
    var server: Target?
    @Option(help: ArgumentHelp("API key of the server. (SENSORIUM_API_KEY)", valueName: "key"))
    var apiKey: String?
    @OptionGroup var model: ModelArguments

    func validate() throws {
        guard CollectionName.isValid(collection) else { throw ValidationError("\(RetrievalError.invalidName)") }
        guard text != nil || image != nil || audio != nil else {
            throw ValidationError("Give at least one of --text, --image and --audio.")
        }
        try CommandLineText.checkWords(text, "--text")
        guard view == nil || image != nil else {
            throw ValidationError("--view says what the picture of --image is; give one, or leave --view out.")
        }
        if let weight {
            guard (0...1).contains(weight) else { throw ValidationError("--weight is \(weight); it takes 0 to 1.") }
            guard text != nil, image != nil || audio != nil else {
                throw ValidationError("--weight is the share of --text beside --image or --audio; give both.")
            }
        }
        guard (1...1000).contains(top) else { throw ValidationError("--top is \(top); it takes 1 to 1000.") }
    }

    func run() throws {
        let form = try form()
        let answer: ServerClient.Answer
        if let server {
            answer = try ServerClient(server, apiKey: apiKey).send("POST", "/v1/retrieve", type: form.type, form.body)
        } else {
            let service = try LocalService(model, data: data.data)
            defer { service.close() }
            answer = service.post("/v1/retrieve", form)
        }
        if answer.status == 404, answer.code == "unknown_collection" {
            throw missing()
        }
        try TaskAnswer(answer).sayWhatIsLeftOut(sound: audio)
        let terminal = TerminalDevice(STDOUT_FILENO)
        if json ?? (terminal == nil) {
            try StandardOutput.write(answer.body)
        } else {
            try show(answer, terminal)
        }
    }

    /// There is no such collection; and how to make it where it was looked for.
    func missing() -> CommandFailure {
        var place = "in the data folder \(data.data)"
        var option = data.data == DataArguments.standard ? "" : "--data \(data.data) "
        if let server {
            place = "at the server"
            option = "--server http://\(server.host):\(server.port) "
        }
        return .failed(
            "There is no collection \"\(collection)\" \(place). Make it with sensorium index --collection \(collection) "
                + "\(option)FOLDER.")
    }

    private func form() throws(CommandFailure) -> MultipartForm {
        var form = MultipartForm()
        form.add("collection", collection)
        form.add("top", String(top))
        if let view { form.add("view", view.rawValue) }
        if let weight { form.add("weight", "\(weight)") }
        if explain { form.add("explain", "true") }
        if let kind { form.add("filter", "{\"kind\": \"\(kind.rawValue)\"}") }
        if let text { form.add("text", text) }
        if let image { form.add("image", file: try InputFile.read(image)) }
        if let audio { form.add("audio", file: try InputFile.read(audio)) }
        return form
    }

    private func show(_ answer: ServerClient.Answer, _ terminal: TerminalDevice?) throws {
        guard let json = answer.json else { throw CommandFailure.failed("The server's answer is no JSON.") }
        let found = try SearchAnswer(json)
        guard !found.hits.isEmpty else {
            return try StandardOutput.print("The collection \"\(collection)\" has nothing to find.")
        }
        var preview: HitPreview?
        if let folder, let terminal, let way = pictures(terminal) { preview = HitPreview(folder: folder, way: way) }
        let lines = found.table.lines
        for (number, line) in lines.enumerated() {
            try StandardOutput.print(line)
            guard number > 0, let bytes = preview?.bytes(found.hits[number - 1]) else { continue }
            try StandardOutput.write(bytes)
        }
        for line in found.keyLines { try StandardOutput.print(line) }
    }

    private func pictures(_ terminal: TerminalDevice) -> PictureProtocol? {
        switch previews {
        case .off: nil
        case .auto: terminal.pictures(environment: Environment.variables)
        case .kitty: .kitty
        case .sixel: .sixel
        }
    }
}
