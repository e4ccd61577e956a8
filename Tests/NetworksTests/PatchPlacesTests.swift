import Testing

@testable import Networks

/// Made with torch 2.15: `bucketize` of fractions among `arange`, as in transformers' modeling_idefics3.py.
@Suite struct `Patches of a tile` {
    @Test func `take the positions that the reference gives them`() {
        #expect(
            patchPlaces(across: 25, learned: 25).prefix(25) == [
                0, 1, 2, 3, 4, 4, 6, 7, 8, 8, 9, 10, 11, 12, 14, 14, 16, 17, 17, 19, 19, 21, 22, 22, 24,
            ])
        #expect(patchPlaces(across: 8, learned: 12).prefix(8) == [0, 1, 3, 4, 6, 7, 9, 10])
        #expect(patchPlaces(across: 32, learned: 32) == Array(0..<1024))
        var hash: UInt64 = 14_695_981_039_346_656_037
        for learned in 1...96 {
            for across in 1...96 {
                for place in patchPlaces(across: across, learned: learned).prefix(across) {
                    hash = (hash ^ UInt64(place)) &* 1_099_511_628_211
                }
            }
        }
        #expect(hash == 13_698_416_814_421_891_709)
    }
}
