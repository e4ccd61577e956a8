import Checkpoint
import Glibc
import Tensor

/// A thing that a classifier saw in a picture, by its everyday name.
public struct SeenThing: Sendable, Equatable {
    /// The name, as a number of `NamesOfThings.all`.
    public let name: Int
    /// How likely it is in the whole picture, 0 to 1.
    public let whole: Float
    /// How likely it is in the part of the picture that it is likeliest in, 0 to 1.
    public let part: Float

    /// What networks are told of it: [whole, part, l(whole), l(part)] with l(p) = 1 − log p / log 0.001, where what is less likely
    /// than 0.001 looks like that.
    var likelihoods: [Float] {
        let least: Float = 1e-3
        let seen = [whole, part].map { max($0, least) }
        return seen + seen.map { 1 - log($0) / log(least) }
    }

    /// What it is ranked by. A part alone is named with more conviction than it deserves (decision 0193).
    public var likeliest: Float { max(whole, 0.6 * part) }
}

/// The everyday names that the labels of a head stand for, and which of them it saw in a picture.
public struct NamesOfThings: Sendable {
    /// The distinct names, in alphabetical order.
    public let all: [String]
    /// The name of each label.
    private let ofLabels: [Int]
    private let most: Int
    private let floor: Float

    /// Names as a head's configuration has them.
    public init(_ names: SensoriumConfiguration.LabelNames) {
        self.init(names.ofLabels, most: names.most, floor: names.floor)
    }

    /// - Parameter names: of each label; several may share one.
    init(_ names: [String], most: Int, floor: Float) {
        all = Set(names).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let numbers = Dictionary(uniqueKeysWithValues: all.enumerated().map { ($1, $0) })
        ofLabels = names.compactMap { numbers[$0] }
        self.most = most
        self.floor = floor
    }

    /// What the head saw, given its logits for the whole picture and for each of its parts (`LinearHead.scores`): the likeliest
    /// names.
    public func seen(_ logits: [[Float]]) -> [SeenThing] {
        let shares = logits.map(byName)
        guard let whole = shares.first else { return [] }
        let things = all.indices.map { name in
            SeenThing(name: name, whole: whole[name], part: shares.dropFirst().map { $0[name] }.max() ?? 0)
        }
        let able = things.filter { $0.likeliest >= floor }
        // Of equally likely ones the first in the alphabet.
        return Array(able.sorted { ($1.likeliest, $0.name) < ($0.likeliest, $1.name) }.prefix(most))
    }

    private func byName(_ logits: [Float]) -> [Float] {
        var sums = [Float](repeating: 0, count: all.count)
        for (label, probability) in softmax(logits).enumerated() { sums[ofLabels[label]] += probability }
        return sums
    }
}
