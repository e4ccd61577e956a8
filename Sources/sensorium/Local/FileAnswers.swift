extension LocalService {
    /// Asks the same of each file, and shows each answer; a file that fails is said, and the others go on.
    /// - Parameters:
    ///   - part: the part that each file is.
    ///   - what: what could not be done where a file failed, as in "2 of 3 files could not be read."
    ///   - ask: adds the options to the form of a file.
    func answers(
        to path: String, about files: [String], as part: String, inJSON: Bool, what: String,
        _ ask: (inout MultipartForm) -> Void = { _ in }, show: (_ file: String, TaskAnswer) throws -> Void
    ) throws {
        var failures = 0
        for file in files {
            let answer: TaskAnswer
            do throws(CommandFailure) {
                var form = MultipartForm()
                form.add(part, file: try InputFile.read(file))
                ask(&form)
                answer = try TaskAnswer(post(path, form))
            } catch {
                // Whatever is wrong with the options is wrong for every file.
                guard error.code == 1 else { throw error }
                failures += 1
                try reportFailure(file, error, inJSON: inJSON)
                continue
            }
            try show(file, answer)
        }
        if failures > 0 { throw CommandFailure.failed("\(failures) of \(files.count) files could not be \(what).") }
    }
}
