import JSON

/// The words that were read in a picture.
struct ReadWords {
    /// The lines, in reading order.
    let lines: [String]
    /// How many more look like lines and were not read.
    let unread: Int

    /// Of an object with `lines` and `unread`.
    init(_ words: JSONCursor) throws(JSONError) {
        var lines: [String] = []
        for line in try words.member("lines").elements() { lines.append(try line.member("text").string()) }
        self.lines = lines
        unread = try words.member("unread").integer()
    }

    /// Prints the lines, each behind `before`, and what of a file was not read to standard error.
    func show(of file: String, before: String) throws(CommandFailure) {
        for line in lines { try StandardOutput.print(before + line) }
        sayWhatIsUnread(of: file)
    }

    /// Says on standard error how much of a file was not read.
    func sayWhatIsUnread(of file: String) {
        guard unread > 0 else { return }
        StandardError.write("sensorium: \(file): \(unread) more that look like lines were not read.")
    }
}
