import JSON
import Media
import Tasks

extension ReadPage {
    /// The words of a photo, by a model that reads.
    init(of bytes: [UInt8], by model: LoadedModel) throws {
        guard model.reads else { throw CommandFailure.failed("The model \(model.name) cannot read.") }
        self = model.read(
            try ImageDecoder.decode(
                bytes, limits: ImageLimits(maxBytes: .max), as: .within(side: WordReader.pictureSide, .bilinear)))
    }

    /// Writes the fields `lines`, `text` and `unread`.
    func write(to json: inout JSONWriter) {
        json.field("lines") { json in
            json.array { json in
                for line in lines {
                    json.object { json in
                        json.field("text", line.text)
                        // A mean of probabilities is finite.
                        try? json.field("confidence", Double(line.confidence))
                    }
                }
            }
        }
        json.field("text", text)
        json.field("unread", unread)
    }

    /// Prints the lines, each behind `before`, and what of a file was not read to standard error.
    func show(of file: String, before: String) throws {
        for line in lines { try StandardOutput.print(before + line.text) }
        sayWhatIsUnread(of: file)
    }

    /// Says on standard error how much of a file was not read.
    func sayWhatIsUnread(of file: String) {
        guard unread > 0 else { return }
        StandardError.write("sensorium: \(file): \(unread) more that look like lines were not read.")
    }
}
