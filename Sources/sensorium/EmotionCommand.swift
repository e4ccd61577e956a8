import ArgumentParser
import JSON

struct EmotionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "emotion", abstract: "Read the emotion of a face, a voice or words, without a server.",
        discussion: "Prints the likeliest emotions of all that is given, then what each part alone says.")

    @Option(help: ArgumentHelp("A photo of a face.", valueName: "file")) var image: String?
    @Option(help: ArgumentHelp("A WAV, FLAC, Ogg or MP3 file of a voice.", valueName: "file")) var audio: String?
    @Option(help: "What was said or written.") var text: String?
    @Flag(help: "Take the words in the image for the text, as of a meme; a photo without a face will then do.")
    var textFromImage = false
    @OptionGroup var model: ModelArguments
    @Flag(help: "Take the image for a face as it is, and look for none.") var wholeImage = false
    @OptionGroup var certainty: LeastConfidence
    @Flag(help: "Print one JSON object.") var json = false

    func validate() throws {
        if image == nil && audio == nil && text == nil {
            throw ValidationError("Give at least one of --image, --audio and --text.")
        }
        if textFromImage && (image == nil || text != nil) {
            throw ValidationError("--text-from-image takes the text from --image, in the place of --text.")
        }
        try CommandLineText.checkWords(text, "--text")
    }

    func run() throws {
        let service = try LocalService(model)
        defer { service.close() }
        let answer = try TaskAnswer(
            service.post("/v1/emotion", try form()),
            faceless: "No face was found in \(image ?? ""); say --whole-image if it is one.")
        try answer.sayWhatIsLeftOut(sound: audio)
        if json { return try StandardOutput.print(answer.document()) }
        if let image { try answer.words?.sayWhatIsUnread(of: image) }
        guard try answer.text("emotion") != nil else { return try StandardOutput.print(LeastConfidence.notSure) }
        try show(answer.members)
    }

    private func form() throws(CommandFailure) -> MultipartForm {
        var form = MultipartForm()
        if let image { form.add("image", file: try InputFile.read(image)) }
        if let audio { form.add("audio", file: try InputFile.read(audio)) }
        form.add("text", option: text)
        if textFromImage { form.add("text_from", "image") }
        if wholeImage { form.add("face", "whole") }
        certainty.add(to: &form)
        return form
    }

    private func show(_ answer: JSONCursor) throws {
        for (label, probability) in try RankedLabels(answer.member("scores")).best.prefix(3) {
            try StandardOutput.print("\(percent(probability)) \(label)")
        }
        let parts = try answer.member("modalities")
        let names = try parts.object().keys
        for name in names where names.count > 1 {
            let part = try parts.member(name)
            let weight = percent(try part.member("weight").number()).drop { $0 == " " }
            try StandardOutput.print("\(name) alone: \(try part.member("emotion").string()), weight \(weight)")
        }
    }
}
