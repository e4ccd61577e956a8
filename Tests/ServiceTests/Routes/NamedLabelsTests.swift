import Tasks
import Testing

@testable import Service

@Suite struct NamedLabelsTests {
    private func head(_ names: [LabelName]?) -> HeadDescription {
        HeadDescription(
            name: "things", task: nil, labels: ["beagle", "lion", "poodle", "cup"], inputs: [], required: [],
            names: names)
    }

    private let names = [
        LabelName(name: "dog", above: ["hound", "dog", "animal"]),
        LabelName(name: "lion", above: ["big cat", "animal"]),
        LabelName(name: "dog", above: ["dog", "animal"]), LabelName(name: "cup", above: []),
    ]

    @Test func `labels of one name count together, and the likeliest of them says what is above`() throws {
        let named = try #require(head(names).named([0.35, 0.4, 0.2, 0.05]))
        #expect(named.best == LabelName(name: "dog", above: ["hound", "animal"]))
        #expect(named.names.map(\.name) == ["dog", "lion", "cup"])
        #expect(named.names.map(\.probability) == [0.55, 0.4, 0.05])
    }

    @Test func `a head without names has none`() {
        #expect(head(nil).named([0.25, 0.25, 0.25, 0.25])?.names == nil)
    }
}
