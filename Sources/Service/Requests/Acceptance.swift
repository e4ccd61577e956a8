import HTTP

/// What the client takes as an answer: its `Accept` fields (RFC 9110 section 12.5.1).
struct Acceptance: Sendable {
    private struct Range {
        let type: Substring
        let subtype: Substring
        let quality: Double
    }

    private let ranges: [Range]

    init(_ headers: HTTPHeaders) {
        ranges = headers.values("Accept").flatMap { MediaType.split($0, at: ",") }.compactMap { element in
            guard let media = MediaType(String(element)) else { return nil }
            let halves = media.name.split(separator: "/")
            let quality = media["q"].map { Double($0) ?? 0 } ?? 1
            return Range(type: halves[0], subtype: halves[1], quality: quality)
        }
    }

    /// The offered type that the client likes best, the earlier at a tie; nil where it takes none.
    /// Without `Accept` everything is welcome.
    func best(of offered: [String]) -> String? {
        guard !ranges.isEmpty else { return offered.first }
        var best: (type: String, quality: Double)?
        for type in offered {
            let quality = quality(of: type)
            if quality > best?.quality ?? 0 { best = (type, quality) }
        }
        return best?.type
    }

    /// Whether the client names the type itself, not only by `*`.
    func names(_ type: String) -> Bool {
        ranges.contains { "\($0.type)/\($0.subtype)" == type && $0.quality > 0 }
    }

    /// The quality that the most specific matching range gives.
    private func quality(of offered: String) -> Double {
        let halves = offered.split(separator: "/")
        let matching = ranges.filter { range in
            (range.type == halves[0] && (range.subtype == halves[1] || range.subtype == "*"))
                || (range.type == "*" && range.subtype == "*")
        }
        let specificity: (Range) -> Int = { ($0.type == "*" ? 0 : 1) + ($0.subtype == "*" ? 0 : 1) }
        guard let highest = matching.map(specificity).max() else { return 0 }
        return matching.filter { specificity($0) == highest }.map(\.quality).max() ?? 0
    }
}
