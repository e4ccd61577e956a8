/// The text form in which metrics are collected.
public enum MetricsFormat: Sendable {
    /// Prometheus text exposition format 0.0.4.
    case prometheus
    /// OpenMetrics 1.0.0.
    case openMetrics

    /// The media type of the answer.
    public var contentType: String {
        switch self {
        case .prometheus: "text/plain; version=0.0.4; charset=utf-8"
        case .openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8"
        }
    }

    /// The format an `Accept` value prefers: OpenMetrics only if it is named and no other text is preferred to it.
    public init(accept: String?) {
        var (openMetrics, text) = (0.0, 0.0)
        for item in (accept ?? "").split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.trimmed }
            var quality = 1.0
            for parameter in parts.dropFirst() where parameter.lowercased().hasPrefix("q=") {
                quality = Double(parameter.dropFirst(2)) ?? 0
            }
            switch parts.first?.lowercased() {
            case "application/openmetrics-text": openMetrics = max(openMetrics, quality)
            case "text/plain", "text/*", "*/*": text = max(text, quality)
            default: break
            }
        }
        self = openMetrics > 0 && openMetrics >= text ? .openMetrics : .prometheus
    }

    /// Writes metrics in this format.
    public func text(_ snapshots: [MetricSnapshot]) -> String {
        var text = ""
        for snapshot in snapshots where !snapshot.series.isEmpty { write(snapshot, to: &text) }
        if self == .openMetrics { text += "# EOF\n" }
        return text
    }

    private func write(_ snapshot: MetricSnapshot, to text: inout String) {
        let description = snapshot.description
        let family = familyName(description)
        let isEscaped = self == .openMetrics
        text += "# TYPE \(family) \(typeName(description.kind))\n"
        if self == .openMetrics, let unit = ["seconds", "bytes"].first(where: { family.hasSuffix("_\($0)") }) {
            text += "# UNIT \(family) \(unit)\n"
        }
        text += "# HELP \(family) \(Self.escaped(description.help, quotes: isEscaped))\n"
        for (values, reading) in snapshot.series {
            let labels = zip(description.labels, values).map { "\($0)=\"\(Self.escaped($1, quotes: true))\"" }
            switch reading {
            case .value(let value):
                text += Self.sample(description.name, labels, value)
            case .histogram(let buckets, let count, let sum):
                for bucket in buckets {
                    text += Self.sample(
                        description.name + "_bucket", labels + ["le=\"\(bucket.bound)\""], Double(bucket.count))
                }
                text += Self.sample(description.name + "_bucket", labels + ["le=\"+Inf\""], Double(count))
                text += Self.sample(description.name + "_sum", labels, sum)
                text += Self.sample(description.name + "_count", labels, Double(count))
            }
        }
    }

    /// OpenMetrics names a family without the suffix of its samples.
    private func familyName(_ description: MetricDescription) -> String {
        guard self == .openMetrics else { return description.name }
        let suffix =
            switch description.kind {
            case .counter: "_total"
            case .info: "_info"
            case .gauge, .histogram: ""
            }
        return description.name.hasSuffix(suffix)
            ? String(description.name.dropLast(suffix.count)) : description.name
    }

    /// The older format knows no info.
    private func typeName(_ kind: MetricDescription.Kind) -> String {
        self == .prometheus && kind == .info ? "gauge" : kind.rawValue
    }

    private static func sample(_ name: String, _ labels: [String], _ value: Double) -> String {
        let braces = labels.isEmpty ? "" : "{\(labels.joined(separator: ","))}"
        return "\(name)\(braces) \(number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    private static func escaped(_ text: String, quotes: Bool) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\"" where quotes: result += "\\\""
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}

extension Substring {
    /// Without spaces and tabs at both ends.
    fileprivate var trimmed: Substring {
        var rest = self
        while let first = rest.first, first == " " || first == "\t" { rest = rest.dropFirst() }
        while let last = rest.last, last == " " || last == "\t" { rest = rest.dropLast() }
        return rest
    }
}
