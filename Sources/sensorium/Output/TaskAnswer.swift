import JSON
import Retrieval
import Terminal

/// What a task answered, for whoever asked at the command line.
struct TaskAnswer {
    /// The members of the answer.
    let members: JSONCursor

    /// What stands in every answer for the clients of servers, and says nothing to whoever waited for this one.
    private static let frame: Set<String> = ["model", "request_id", "timing", "inputs"]

    /// Throws `CommandFailure` for a refusal: wrong usage where an option was refused.
    /// - Parameter faceless: what is said of a picture in which no face was found.
    init(_ answer: ServerClient.Answer, faceless: String? = nil) throws(CommandFailure) {
        guard answer.status == 200, let json = answer.json else {
            let sentence = answer.refusal.description.withoutControls
            switch answer.code {
            case "invalid_option": throw .usage(sentence)
            case "no_face": throw .failed(faceless ?? sentence)
            default: throw .failed(sentence)
            }
        }
        members = JSONCursor(json)
    }

    /// One line of JSON.
    /// - Parameter file: what it is about, where there are several.
    func document(file: String? = nil) throws(JSONError) -> String {
        var json = JSONWriter()
        let answer = try members.object()
        try json.object { json throws(JSONError) in
            if let file { json.field("file", file) }
            for (key, value) in answer where !Self.frame.contains(key) { try json.field(key, value) }
        }
        return json.text
    }

    /// A member that is text; nil where it is null, since the answer is not sure enough.
    func text(_ key: String) throws(JSONError) -> String? {
        let member = try members.member(key)
        return member.isNull ? nil : try member.string()
    }

    /// The words of the picture, where the answer has them.
    var words: ReadWords? {
        get throws(JSONError) {
            try members.optionalMember("words").map { words throws(JSONError) in try ReadWords(words) }
        }
    }

    /// An answer is about what is heard of a sound and read of a text: what is not is said beside it.
    /// - Parameter sound: the file of the part `audio`.
    func sayWhatIsLeftOut(sound: String? = nil) throws(JSONError) {
        if let sound { try SoundGaps(answer: members)?.say(of: sound) }
        guard let inputs = try members.optionalMember("inputs") else { return }
        for part in ["text", "question"] {
            guard let text = try inputs.optionalMember(part), try text.member("truncated").boolean() else { continue }
            let pieces = try text.member("tokens").integer()
            StandardError.write(
                "sensorium: The \(part) has \(pieces) word pieces, more than the model reads: it was cut.")
        }
    }
}

/// The probabilities of labels.
struct RankedLabels {
    /// The labels, the likeliest first.
    let best: [(label: String, probability: Double)]

    /// Of an object such as `scores`.
    init(_ scores: JSONCursor) throws(JSONError) {
        var labels: [(label: String, probability: Double)] = []
        for label in try scores.object().keys { labels.append((label, try scores.member(label).number())) }
        best = labels.sorted { $0.probability > $1.probability }
    }
}
