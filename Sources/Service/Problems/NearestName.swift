/// The name that was probably meant: the one of `names` that takes the fewest single-character changes to reach,
/// or nil where none is near.
public func nearestName(to given: String, among names: some Sequence<String>) -> String? {
    let given = Array(given.prefix(64).lowercased().utf8)
    let ranked = names.map { (name: $0, distance: editDistance(given, Array($0.utf8))) }
    guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
    // A third of the letters may differ; `text` is no correction of `beam`.
    return best.distance <= max(1, max(given.count, best.name.utf8.count) / 3) ? best.name : nil
}

/// The least number of insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var twoAbove: [Int] = []
    var above = Array(0...b.count)
    for i in a.indices {
        var row = [i + 1]
        for j in b.indices {
            var best = min(above[j + 1] + 1, row[j] + 1, above[j] + (a[i] == b[j] ? 0 : 1))
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, twoAbove[j - 1] + 1) }
            row.append(best)
        }
        (twoAbove, above) = (above, row)
    }
    return above[b.count]
}
