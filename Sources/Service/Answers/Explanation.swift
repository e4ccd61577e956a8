import JSON
import Media
import Tasks

/// What an answer looked at, part by part: the field `explanation`.
struct Explanation: Sendable {
    /// How much was looked at each piece of a part.
    enum View: Sendable {
        /// A PNG file: the image in grey, glowing where it was looked at.
        case heatMap([UInt8])
        /// The same for each word of a caption.
        case heatMaps([(word: String, png: [UInt8])])
        /// The words of a text; the weights add up to 1.
        case words([(word: String, weight: Float)])
        /// The seconds of a clip; the weights add up to 1.
        case seconds([Float])
        /// The rows of an array; the weights add up to 1.
        case rows([Float])
    }

    /// The parts that were looked at, in the order of the answer's `inputs`.
    let parts: [(name: String, view: View)]

    /// The longer side of heat maps, in pixels.
    static let side = 224

    /// Writes the field.
    func write(to json: inout JSONWriter) throws(JSONError) {
        try json.field("explanation") { json throws(JSONError) in
            try json.object { json throws(JSONError) in
                for (name, view) in parts {
                    try json.field(name) { json throws(JSONError) in
                        try json.object { json throws(JSONError) in try view.write(to: &json) }
                    }
                }
            }
        }
    }
}

extension Explanation.View {
    fileprivate func write(to json: inout JSONWriter) throws(JSONError) {
        switch self {
        case .heatMap(let png):
            json.field("heat_map", Base64.encode(png))
        case .heatMaps(let words):
            json.field("words") { json in
                json.array { json in
                    for (word, png) in words {
                        json.object { json in
                            json.field("word", word)
                            json.field("heat_map", Base64.encode(png))
                        }
                    }
                }
            }
        case .words(let words):
            try json.field("words") { json throws(JSONError) in
                try json.array { json throws(JSONError) in
                    for ((word, _), weight) in zip(words, Shares.rounded(words.map(\.weight))) {
                        try json.object { json throws(JSONError) in
                            json.field("word", word)
                            try json.field("weight", weight)
                        }
                    }
                }
            }
        case .seconds(let weights): try json.field("seconds", Shares.rounded(weights).map { Float($0) })
        case .rows(let weights): try json.field("rows", Shares.rounded(weights).map { Float($0) })
        }
    }
}

extension Explanation {
    /// Of a head's attention: one view for each part that it says something about.
    init(_ attention: [String: [Float]], of taken: TakenParts) {
        parts = taken.sources.compactMap { part, source in
            attention[part].flatMap { source.view($0) }.map { (part, $0) }
        }
    }
}

/// What is kept of a part to show where it was looked at.
enum PartSource: Sendable {
    /// The image, or the face in it, as small as heat maps are.
    case picture(PixelImage)
    /// The words of a text, each with the number of its word pieces.
    case words([(word: String, pieces: Int)])
    /// A clip of so many tokens a second.
    case clip(tokensPerSecond: Int)
    /// Rows that the client computed.
    case rows

    /// A heat map of a square grid's weights over an image; nil for anything else.
    func map(of weights: [Float]) -> [UInt8]? {
        let side = Int(Double(weights.count).squareRoot().rounded())
        guard case .picture(let picture) = self, side > 0, side * side == weights.count else { return nil }
        return HeatMap.png(weights: weights, rows: side, columns: side, over: picture)
    }

    /// The view of the weights of a part's tokens; nil where they do not fit the part.
    func view(_ weights: [Float]) -> Explanation.View? {
        switch self {
        case .picture: return map(of: weights).map { .heatMap($0) }
        case .words(let words):
            var joined: [(word: String, weight: Float)] = []
            // Behind the special token that begins every text, before the one that ends it.
            var place = 1
            for (word, pieces) in words where place < weights.count - 1 {
                let end = min(place + pieces, weights.count - 1)
                joined.append((word, weights[place..<end].reduce(0, +)))
                place = end
            }
            return .words(joined)
        case .clip(let rate):
            return .seconds(
                stride(from: 0, to: weights.count, by: rate).map { start in
                    weights[start..<min(start + rate, weights.count)].reduce(0, +)
                })
        case .rows: return .rows(weights)
        }
    }
}
