/// A set of Unicode scalars, as a class of a regular expression names it.
struct ScalarSet: Sendable, Equatable {
    /// In the set are scalars that have one of these bits of ``ScalarClasses``,
    private var classes: UInt32 = 0
    /// those that lack all of the bits of one of these,
    private var lacking: [UInt32] = []
    /// and those from a first to a last, flat.
    private var ranges: [UInt32] = []
    private var isNegated = false
    /// The answers for ASCII, the first of two halves first.
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    func contains(_ scalar: UInt32) -> Bool {
        if scalar < 64 { return low >> UInt64(scalar) & 1 != 0 }
        if scalar < 128 { return high >> UInt64(scalar - 64) & 1 != 0 }
        return search(scalar)
    }

    init() {}

    /// The set of one scalar.
    init(_ scalar: UInt32) {
        insert(scalar...scalar)
        seal()
    }

    mutating func insert(_ range: ClosedRange<UInt32>) { ranges += [range.lowerBound, range.upperBound] }

    mutating func insert(classes: UInt32, negated: Bool) {
        if negated { lacking.append(classes) } else { self.classes |= classes }
    }

    mutating func negate() { isNegated.toggle() }

    /// Adds the other case of letters, as Oniguruma folds them; false where that is not known.
    mutating func foldCase() -> Bool {
        if classes != 0 || !lacking.isEmpty { return false }
        for row in stride(from: 0, to: ranges.count, by: 2) {
            if ranges[row + 1] >= 0x80 { return false }
            for scalar in ranges[row]...ranges[row + 1] where (0x41...0x5A).contains(scalar & ~0x20) {
                insert(scalar ^ 0x20...scalar ^ 0x20)
                // Long s and the sign of Kelvin.
                if scalar & ~0x20 == 0x53 { insert(0x17F...0x17F) }
                if scalar & ~0x20 == 0x4B { insert(0x212A...0x212A) }
            }
        }
        return true
    }

    /// Works the answers for ASCII out; to be called after the last change.
    mutating func seal() {
        (low, high) = (0, 0)
        for scalar in 0..<UInt32(128) where search(scalar) {
            if scalar < 64 { low |= 1 << UInt64(scalar) } else { high |= 1 << UInt64(scalar - 64) }
        }
    }

    private func search(_ scalar: UInt32) -> Bool {
        var isMember = false
        if classes != 0 || !lacking.isEmpty {
            let bits = ScalarClasses.shared.bits(of: scalar)
            isMember = bits & classes != 0 || lacking.contains { bits & $0 == 0 }
        }
        var row = 0
        while !isMember, row < ranges.count {
            isMember = ranges[row] <= scalar && scalar <= ranges[row + 1]
            row += 2
        }
        return isMember != isNegated
    }
}
