import ArgumentParser
import JSON
import Tasks

struct ReadCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "read", abstract: "Read the words in photos, without a server.",
        discussion: """
            Prints the lines of each file in reading order, with several files behind its name. Latin letters without accents, \
            digits, punctuation and 6,000 Chinese characters are known; what looks like a line and is not read is counted on \
            standard error. A file named - is standard input.
            """)

    @Argument(
        help: ArgumentHelp(
            "Photos: JPEG, PNG, WebP, GIF, BMP, HEIC, AVIF, TIFF; - is standard input.", valueName: "file")) var files:
        [String]
    @OptionGroup var model: ModelArguments
    @Flag(help: "Print one JSON object for each file.") var json = false

    func run() throws {
        let loaded = try model.load()
        guard loaded.reads else { throw CommandFailure.failed("The model \(loaded.name) cannot read.") }
        var failures = 0
        for file in files {
            let page: ReadPage
            do {
                page = try ReadPage(of: try InputFile.read(file), by: loaded)
            } catch {
                failures += 1
                try reportFailure(file, error, inJSON: json)
                continue
            }
            try show(file, page)
        }
        if failures > 0 { throw CommandFailure.failed("\(failures) of \(files.count) files could not be read.") }
    }

    private func show(_ file: String, _ page: ReadPage) throws {
        if json { return try StandardOutput.print(document(file, page)) }
        try page.show(of: file, before: files.count > 1 ? "\(file): " : "")
    }

    private func document(_ file: String, _ page: ReadPage) -> String {
        var json = JSONWriter()
        json.object { json in
            json.field("file", file)
            page.write(to: &json)
        }
        return json.text
    }
}
