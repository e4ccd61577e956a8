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
    @Flag(
        help: """
            One sentence for people who cannot see the photo: of caption, things, faces and words what is sure to 0.5, or to \
            --min-confidence.
            """)
    var alt = false
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
            let described: Described
            do {
                described = try describe(try InputFile.read(file), loaded, options)
            } catch {
                failures += 1
                try reportFailure(file, error, inJSON: json)
                continue
            }
            try show(file, described)
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

    /// What is said of a photo.
    private struct Described {
        var candidates: [CaptionCandidate] = []
        /// Its words, where they are to be told.
        var page: ReadPage?
        /// The sentence for people who cannot see it, where that is wanted; nil in it where nothing is sure.
        var alt: AltText??
    }

    private func describe(_ bytes: [UInt8], _ model: LoadedModel, _ options: CaptionOptions) throws -> Described {
        let encodings = model.encodeImages([try model.pixels(of: bytes)])
        guard let generation = try model.startCaptions(encodings.map { ($0, options) }).first else {
            return Described()
        }
        while !generation.isFinished { model.step([generation]) }
        var described = Described(candidates: generation.candidates)
        let page = read || alt && model.reads ? try ReadPage(of: bytes, by: model) : nil
        if read { described.page = page }
        if alt, let best = described.candidates.first {
            let image = try ImageDecoder.decode(bytes, limits: ImageLimits(maxBytes: .max))
            let facts = AltText.Facts(
                caption: best.text, confidence: best.confidence, things: model.thingsSeen(by: generation), page: page,
                faces: model.faces(in: image)?.map(\.score) ?? [])
            described.alt = AltText(facts, least: certainty.least > 0 ? certainty.least : AltText.usualLeast)
        }
        return described
    }

    private func show(_ file: String, _ described: Described) throws {
        if json { return try StandardOutput.print(document(file, described)) }
        let before = files.count > 1 ? "\(file): " : ""
        if let alt = described.alt {
            try StandardOutput.print(before + (alt?.sentence ?? LeastConfidence.notSure))
        } else {
            for candidate in described.candidates {
                let text = certainty.declines(candidate.confidence) ? LeastConfidence.notSure : candidate.text
                try StandardOutput.print(before + text)
            }
        }
        try described.page?.show(of: file, before: before + "  ")
    }

    private func document(_ file: String, _ described: Described) -> String {
        let (candidates, page) = (described.candidates, described.page)
        var json = JSONWriter()
        json.object { json in
            json.field("file", file)
            if let alt = described.alt {
                let least = certainty.least > 0 ? certainty.least : AltText.usualLeast
                certainty.write(
                    "caption", alt?.sentence ?? "", alt.map(\.confidence) ?? candidates.first?.confidence, least: least,
                    to: &json)
            } else {
                certainty.write("caption", candidates.first?.text ?? "", candidates.first?.confidence, to: &json)
            }
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
