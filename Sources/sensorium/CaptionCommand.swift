import ArgumentParser
import JSON
import Media
import Tasks

struct CaptionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "caption", abstract: "Describe photos, without a server.",
        discussion: """
            Prints one line for each file: its caption, or with several files its name and caption. With --json a file that \
            cannot be described has its line too, with "error" in place of "caption". With --read the lines of text in the photo \
            follow, each behind two blanks. A file named - is standard input.
            """)

    @Argument(
        help: ArgumentHelp(
            "Photos: JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF; - is standard input.", valueName: "file")) var files:
        [String]
    @OptionGroup var model: ModelArguments
    @Option(help: "Width of the beam search, 1 to 8; 1 is greedy.") var beams = CaptionOptions().beams
    @Option(help: "Most word pieces of a caption.") var maxTokens = CaptionOptions().maxTokens
    @Option(help: "How many captions of each photo.") var candidates = CaptionOptions().candidates
    @Option(help: "Sample with this temperature instead of searching.") var temperature: Double?
    @Option(name: .customLong("top-p"), help: "Sample among the likeliest tokens of this probability together.")
    var topP: Double?
    @Option(help: "Makes sampling repeatable.") var seed: UInt64?
    @Option(help: "How the captions begin.") var prompt: String?
    @OptionGroup var certainty: LeastConfidence
    @Flag(help: "Read the words in each photo, too.") var read = false
    @Flag(help: "Print one JSON object for each file.") var json = false

    func validate() throws { try CommandLineText.checkWords(prompt, "--prompt") }

    func run() throws {
        let loaded = try model.load()
        let options = options
        do {
            try loaded.validate(options)
        } catch {
            throw CommandFailure.usage("\(error)")
        }
        var failures = 0
        for file in files {
            let candidates: [CaptionCandidate]
            let page: ReadPage?
            do {
                let bytes = try InputFile.read(file)
                candidates = try captions(bytes, loaded, options)
                page = read ? try ReadPage(of: bytes, by: loaded) : nil
            } catch {
                failures += 1
                try reportFailure(file, error, inJSON: json)
                continue
            }
            try show(file, candidates, page)
        }
        if failures > 0 {
            throw CommandFailure.failed("\(failures) of \(files.count) files could not be described.")
        }
    }

    private var options: CaptionOptions {
        var options = CaptionOptions()
        options.beams = beams
        options.maxTokens = maxTokens
        options.candidates = candidates
        options.temperature = temperature
        options.topP = topP
        options.seed = seed
        options.prompt = prompt
        return options
    }

    private func captions(
        _ bytes: [UInt8], _ model: LoadedModel, _ options: CaptionOptions
    ) throws -> [CaptionCandidate] {
        let encodings = model.encodeImages([try model.pixels(of: bytes)])
        let generations = try model.startCaptions(encodings.map { ($0, options) })
        guard let generation = generations.first else { return [] }
        while !generation.isFinished { model.step([generation]) }
        return generation.candidates
    }

    private func show(_ file: String, _ candidates: [CaptionCandidate], _ page: ReadPage?) throws {
        if json { return try StandardOutput.print(document(file, candidates, page)) }
        let before = files.count > 1 ? "\(file): " : ""
        for candidate in candidates {
            let text = certainty.declines(candidate.confidence) ? LeastConfidence.notSure : candidate.text
            try StandardOutput.print(before + text)
        }
        try page?.show(of: file, before: before + "  ")
    }

    private func document(_ file: String, _ candidates: [CaptionCandidate], _ page: ReadPage?) -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("file", file)
            certainty.write("caption", candidates.first?.text ?? "", candidates.first?.confidence, to: &json)
            json.field("candidates") { json in
                json.array { json in
                    for candidate in candidates {
                        json.object { json in
                            json.field("text", candidate.text)
                            // A log-probability is finite: the search drops what is not.
                            try? json.field("log_probability", candidate.logProbability)
                            if let confidence = candidate.confidence { try? json.field("confidence", confidence.value) }
                            json.field("tokens", candidate.tokens)
                        }
                    }
                }
            }
            if let page { json.field("words") { json in json.object { json in page.write(to: &json) } } }
        }
        return json.text
    }
}

extension LoadedModel {
    /// The image tower's input made of a file, or a failure that names the file.
    func pixels(ofFile path: String) throws -> [Float] { try pixels(of: try InputFile.read(path)) }

    /// The bytes of a photo, decoded and prepared.
    func pixels(of bytes: [UInt8]) throws -> [Float] {
        guard let preprocessor else { throw CommandFailure.failed("The model \(name) has no image tower.") }
        let image = try ImageDecoder.decode(
            bytes, limits: ImageLimits(maxBytes: .max), as: preprocessor.rendition)
        return preprocessor(image)
    }
}
