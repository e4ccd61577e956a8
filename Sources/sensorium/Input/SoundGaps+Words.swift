import JSON
import Retrieval
import Terminal

extension SoundGaps {
    /// Those that an answer tells of the part `audio`; nil where nothing is missing, or where there is no sound.
    init?(answer: JSONCursor) throws(JSONError) {
        let sound = try answer.optionalMember("inputs")?.optionalMember("audio")
        self.init(
            missingSeconds: try sound?.optionalMember("missing_seconds")?.number() ?? 0,
            unreadBytes: try sound?.optionalMember("unread_bytes")?.integer() ?? 0)
    }

    /// `12.3 s of it are missing, 99 bytes of it are neither sound nor tags`
    var words: String {
        var gaps: [String] = []
        if missingSeconds > 0 { gaps.append("\(missingSeconds.text(decimals: 1)) s of it are missing") }
        if unreadBytes > 0 { gaps.append("\(unreadBytes) bytes of it are neither sound nor tags") }
        return gaps.joined(separator: ", ")
    }

    /// Says them of a file, for whoever waits for the answer.
    func say(of path: String) { StandardError.write("sensorium: \(path): \(words).".withoutControls) }
}
