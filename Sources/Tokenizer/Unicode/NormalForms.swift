/// A normal form of Unicode (UAX 15), with the data that the reference has, which is older than Unicode's newest.
enum NormalForm: String, Sendable {
    case nfc = "NFC"
    case nfd = "NFD"
    case nfkc = "NFKC"
    case nfkd = "NFKD"

    /// `text`, valid UTF-8, in this form. Linear but for runs of marks, which are sorted.
    func normalize(_ text: [UInt8]) -> [UInt8] {
        if text.allSatisfy({ $0 < 0x80 }) { return text }
        let data = NormalFormData.shared
        let isCompatible = self == .nfkc || self == .nfkd
        var scalars: [UInt32] = []
        scalars.reserveCapacity(text.count)
        var classes: [UInt8] = []
        classes.reserveCapacity(text.count)
        var position = 0
        /// Where the run of marks at the end begins.
        var runBegin = 0
        func append(_ scalar: UInt32) {
            let markClass = data.markClass(scalar)
            if markClass == 0 {
                data.order(&scalars, &classes, from: runBegin)
                runBegin = scalars.count + 1
            }
            scalars.append(scalar)
            classes.append(markClass)
        }
        while position < text.count {
            let scalar = ScalarReader.next(text, &position)
            if scalar < 0xA0 {
                append(scalar)
            } else if (0xAC00...0xD7A3).contains(scalar) {
                // Unicode 3.12: a syllable is a leading consonant, a vowel and perhaps a trailing consonant.
                let index = scalar - 0xAC00
                append(0x1100 + index / 588)
                append(0x1161 + index % 588 / 28)
                if index % 28 != 0 { append(0x11A7 + index % 28) }
            } else if let parts = data.decomposition(scalar, compatible: isCompatible) {
                for part in parts { append(part) }
            } else {
                append(scalar)
            }
        }
        data.order(&scalars, &classes, from: runBegin)
        if self == .nfc || self == .nfkc { data.compose(&scalars, classes) }
        var output: [UInt8] = []
        output.reserveCapacity(text.count + 8)
        for scalar in scalars { ScalarReader.append(scalar, to: &output) }
        return output
    }
}

/// ``CanonicalTables`` and ``CompatibilityTables``, read once.
struct NormalFormData: Sendable {
    static let shared = NormalFormData()

    private var canonical: [UInt32: [UInt32]] = [:]
    private var compatible: [UInt32: [UInt32]] = [:]
    private var compositions: [UInt64: UInt32] = [:]
    private var classes: [UInt32: UInt8] = [:]

    private init() {
        for (table, isCompatible) in [
            (CanonicalTables.decompositions, false), (CompatibilityTables.decompositions, true),
        ] {
            for word in StaticText.words(table) {
                let sides = word.split(separator: UInt8(ascii: "="))
                let scalar = StaticText.number(sides[0])
                if isCompatible {
                    compatible[scalar] = StaticText.scalars(sides[1])
                } else {
                    canonical[scalar] = StaticText.scalars(sides[1])
                }
            }
        }
        for word in StaticText.words(CanonicalTables.compositions) {
            let sides = word.split(separator: UInt8(ascii: "="))
            let pair = StaticText.scalars(sides[0])
            compositions[Self.key(pair[0], pair[1])] = StaticText.number(sides[1])
        }
        var markClass: UInt8 = 1
        for word in StaticText.words(CanonicalTables.orderedMarks) {
            if word.first == UInt8(ascii: "/") {
                markClass += 1
                continue
            }
            let ends = word.split(separator: UInt8(ascii: "-")).map(StaticText.number)
            for mark in ends[0]...ends[ends.count - 1] { classes[mark] = markClass }
        }
    }

    private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    func decomposition(_ scalar: UInt32, compatible isCompatible: Bool) -> [UInt32]? {
        (isCompatible ? compatible[scalar] : nil) ?? canonical[scalar]
    }

    /// A number that grows with the canonical combining class, zero for zero.
    func markClass(_ scalar: UInt32) -> UInt8 {
        scalar < 0x300 ? 0 : classes[scalar] ?? 0
    }

    /// Puts the marks from `begin` on in canonical order (Unicode 3.11, D109).
    func order(_ scalars: inout [UInt32], _ classes: inout [UInt8], from begin: Int) {
        if scalars.count - begin < 2 { return }
        // Swift's sort is stable in practice and not by contract, so the place breaks ties.
        let order = (begin..<scalars.count).sorted { (classes[$0], $0) < (classes[$1], $1) }
        let (sorted, sortedClasses) = (order.map { scalars[$0] }, order.map { classes[$0] })
        scalars.replaceSubrange(begin..., with: sorted)
        classes.replaceSubrange(begin..., with: sortedClasses)
    }

    /// Canonical composition (Unicode 3.11, D117) of scalars in canonical order.
    func compose(_ scalars: inout [UInt32], _ classes: [UInt8]) {
        var written = 0
        /// The last starter and, behind it, the class of the last mark that stayed.
        var starter: Int?
        var lastClass: UInt8 = 0
        for place in scalars.indices {
            let (scalar, markClass) = (scalars[place], classes[place])
            if let starter, written == starter + 1 || lastClass < markClass && lastClass != 0,
                let whole = composition(scalars[starter], scalar)
            {
                scalars[starter] = whole
                continue
            }
            if markClass == 0 { starter = written }
            lastClass = markClass
            scalars[written] = scalar
            written += 1
        }
        scalars.removeSubrange(written...)
    }

    private func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if (0x1100...0x1112).contains(first), (0x1161...0x1175).contains(second) {
            return 0xAC00 + (first - 0x1100) * 588 + (second - 0x1161) * 28
        }
        if (0xAC00...0xD7A3).contains(first), (first - 0xAC00) % 28 == 0, (0x11A8...0x11C2).contains(second) {
            return first + second - 0x11A7
        }
        return compositions[Self.key(first, second)]
    }
}
