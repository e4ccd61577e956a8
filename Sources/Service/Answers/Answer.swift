import HTTP
import JSON
import Media
import Tasks

extension HTTPResponse {
    /// A JSON answer whose fields `body` writes.
    static func json(
        headers: HTTPHeaders = HTTPHeaders(), _ body: (inout JSONWriter) throws(JSONError) -> Void
    ) throws(JSONError) -> HTTPResponse {
        var json = JSONWriter()
        try json.object { json throws(JSONError) in try body(&json) }
        var headers = headers
        headers.set("Content-Type", "application/json")
        return HTTPResponse(status: 200, headers: headers, body: json.bytes)
    }

    /// The same answer, in JSON ended with a newline, so that what a shell prints next begins a line.
    func endingLine() -> HTTPResponse {
        guard !body.isEmpty, headers["Content-Type"]?.hasSuffix("json") == true else { return self }
        var response = self
        response.body.append(UInt8(ascii: "\n"))
        return response
    }
}

/// What stands behind the result in every answer of a task: `model`, `request_id`, `timing`, `inputs`.
struct AnswerFrame: Sendable {
    let model: String
    let requestID: String
    let timing: AnswerTiming
    let inputs: [UnderstoodInput]
    /// What was understood of each candidate, in the order in which they came; nil of one whose vector was brought.
    var candidates: [UnderstoodInput?] = []

    /// Writes the four fields.
    func write(to json: inout JSONWriter) throws(JSONError) {
        json.field("model", model)
        json.field("request_id", requestID)
        try timing.write(to: &json)
        try json.field("inputs") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                for input in inputs { try input.write(to: &json) }
                if !candidates.isEmpty { try writeCandidates(to: &json) }
            }
        }
    }

    private func writeCandidates(to json: inout JSONWriter) throws(JSONError) {
        try json.field("candidate") { json throws(JSONError) in
            try json.array { json throws(JSONError) in
                for candidate in candidates {
                    try json.object { json throws(JSONError) in try candidate?.write(to: &json) }
                }
            }
        }
    }
}

/// What was understood of one part.
enum UnderstoodInput: Sendable, Equatable {
    /// Size after the EXIF orientation was applied, the format that the bytes really have, and what the picture was taken for
    /// where that makes a difference.
    case image(name: String, width: Int, height: Int, format: String, view: PictureView? = nil)
    /// Word pieces of the whole text and whether some were cut.
    case text(name: String, tokens: Int, isTruncated: Bool)
    /// The words of another part in the place of a text, of a picture or a sound; none where nothing was read or said.
    case words(name: String, from: String, text: String, tokens: Int, isTruncated: Bool)
    case audio(name: String, UnderstoodSound)
    /// Rows and columns of an array that the client computed.
    case features(name: String, tokens: Int, width: Int)

    /// Whether it is a picture.
    var isImage: Bool { if case .image = self { true } else { false } }

    /// The part that it was.
    var name: String {
        switch self {
        case .image(let name, _, _, _, _), .audio(let name, _), .text(let name, _, _), .words(let name, _, _, _, _),
            .features(let name, _, _):
            name
        }
    }

    /// The same as another part.
    func named(_ name: String) -> UnderstoodInput {
        switch self {
        case .image(_, let width, let height, let format, let view):
            .image(name: name, width: width, height: height, format: format, view: view)
        case .text(_, let tokens, let isTruncated): .text(name: name, tokens: tokens, isTruncated: isTruncated)
        case .words(_, let source, let text, let tokens, let isTruncated):
            .words(name: name, from: source, text: text, tokens: tokens, isTruncated: isTruncated)
        case .audio(_, let sound): .audio(name: name, sound)
        case .features(_, let tokens, let width): .features(name: name, tokens: tokens, width: width)
        }
    }

    /// The same, with what a picture was taken for.
    func seen(as view: PictureView?) -> UnderstoodInput {
        guard case .image(let name, let width, let height, let format, _) = self else { return self }
        return .image(name: name, width: width, height: height, format: format, view: view)
    }

    fileprivate func write(to json: inout JSONWriter) throws(JSONError) {
        try json.field(name) { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                switch self {
                case .image(_, let width, let height, let format, let view):
                    json.field("width", width)
                    json.field("height", height)
                    json.field("format", format)
                    if let view { json.field("view", view.rawValue) }
                case .audio(_, let sound): try sound.write(to: &json)
                case .text(_, let tokens, let isTruncated):
                    json.field("tokens", tokens)
                    json.field("truncated", isTruncated)
                case .words(_, let source, let text, let tokens, let isTruncated):
                    json.field("tokens", tokens)
                    json.field("truncated", isTruncated)
                    json.field("from", source)
                    json.field("text", text)
                case .features(_, let tokens, let width):
                    json.field("tokens", tokens)
                    json.field("width", width)
                }
            }
        }
    }
}

/// What was understood of a sound.
struct UnderstoodSound: Sendable, Equatable {
    /// How long it is, as it was heard.
    let seconds: Double
    /// As stored, before the sound became one channel at the tower's rate.
    let sampleRate, channels: Int
    /// What the bytes really are.
    let format: String
    /// How many streams were heard, one after the other.
    var streams = 1
    /// Bytes that are neither sound nor tags.
    var unreadBytes = 0
    /// Seconds that the file tells of and does not have.
    var missingSeconds = 0.0

    /// Writes the fields. Those that nearly every sound would have the same are there where they say something.
    fileprivate func write(to json: inout JSONWriter) throws(JSONError) {
        try json.field("seconds", seconds)
        json.field("sample_rate", sampleRate)
        json.field("channels", channels)
        json.field("format", format)
        if streams > 1 { json.field("streams", streams) }
        if missingSeconds >= AudioHeader.leastMissingSeconds { try json.field("missing_seconds", missingSeconds) }
        if unreadBytes > 0 { json.field("unread_bytes", unreadBytes) }
    }
}
