import JSON

/// Says that a file failed, while the others go on: a line on standard error and, where the results are a stream of JSON, the
/// line of that file in it, so that the stream has a line for each file.
func reportFailure(_ file: String, _ error: any Error, inJSON: Bool = false) throws(CommandFailure) {
    let sentence = (error as? CommandFailure)?.sentence ?? "\(error)"
    StandardError.write("sensorium: \(file): \(sentence)")
    guard inJSON else { return }
    var json = JSONWriter()
    json.object { json in
        json.field("file", file)
        json.field("error", sentence)
    }
    try StandardOutput.print(json.text)
}
