import JSON
import Media
import Networks
import Tasks

/// The things of a picture with the parts that they are in: `parts=true` of a head that looks at parts.
enum ThingsInParts {
    static let option = InputOption.boolean("parts", standard: false)

    /// A thing, and the part of the picture in which it is likeliest.
    struct Thing: Sendable, Equatable {
        let name: String
        let probability: Double
        /// In pixels of the upright photo.
        let box: PixelRectangle
    }

    /// Refuses parts of a head that looks at none.
    static func check(_ inputs: RequestInputs, _ head: HeadDescription) throws(Problem) {
        guard inputs[option], head.floorOfParts == nil else { return }
        throw Problem(
            .invalidOption,
            "The option \"parts\" is true, but the head \"\(head.name)\" looks at no parts; leave it out.",
            members: ["option": .string("parts")])
    }

    /// Each name that is seen in some part, the likeliest first; of equally likely ones the first in the alphabet, and of parts the
    /// first from the top left. nil where no parts were looked at.
    static func things(_ answer: Classification, _ head: HeadDescription, of taken: TakenParts) -> [Thing]? {
        guard let parts = answer.parts, let names = head.names, let floor = head.floorOfParts,
            case .image(_, let width, let height, _, _)? = taken.understood.first(where: \.isImage)
        else { return nil }
        var best: [String: (probability: Double, part: Int)] = [:]
        for (number, part) in parts.enumerated() {
            var sums: [String: Double] = [:]
            for (name, share) in zip(names, part.probabilities) { sums[name.name, default: 0] += Double(share) }
            for (name, sum) in sums where sum >= Double(floor) && sum > best[name]?.probability ?? 0 {
                best[name] = (sum, number)
            }
        }
        return best.map { name, seen in
            Thing(
                name: name, probability: min((seen.probability * 1e6).rounded() / 1e6, 1),
                box: parts[seen.part].place.box(ofWidth: width, height: height))
        }.sorted { ($1.probability, $0.name) < ($0.probability, $1.name) }
    }
}

extension PartPlace {
    /// The same in whole pixels of a picture.
    func box(ofWidth width: Int, height: Int) -> PixelRectangle {
        func edges(_ start: Double, _ length: Int) -> (Int, Int) {
            let first = min(Int((start * Double(length)).rounded()), length - 1)
            return (first, max(first + 1, min(Int(((start + side) * Double(length)).rounded()), length)) - first)
        }
        let (left, across) = edges(x, width)
        let (top, down) = edges(y, height)
        return PixelRectangle(x: left, y: top, width: across, height: down)
    }
}

extension Sequence<ThingsInParts.Thing> {
    /// Writes the field `parts`.
    func write(to json: inout JSONWriter) throws(JSONError) {
        try json.field("parts") { json throws(JSONError) in
            try json.array { json throws(JSONError) in
                for thing in self {
                    try json.object { json throws(JSONError) in
                        json.field("name", thing.name)
                        try json.field("probability", thing.probability)
                        json.field("box") { json in json.object { json in thing.box.write(to: &json) } }
                    }
                }
            }
        }
    }
}
