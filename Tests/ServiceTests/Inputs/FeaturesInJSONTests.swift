import Testing

@testable import Service

@Suite struct `Features in JSON` {
    private let harness: Harness

    init() throws { harness = try Harness() }

    private func send(_ features: String) -> Answer {
        harness.send(
            "POST", "/v1/emotion", [("Content-Type", "application/json")],
            body: Array("{\"features\":\(features)}".utf8))
    }

    @Test(
        arguments: [
            ("[1,2,3]", [[1, 2, 3]]), ("[[1,2,3]]", [[1, 2, 3]]),
            ("[[1,2.5,3],[4,5e0,-6]]", [[1, 2.5, 3], [4, 5, -6]]),
        ] as [(String, [[Float]])])
    func `may be numbers as well as a file`(_ features: String, _ rows: [[Float]]) throws {
        let answer = send(features)
        let form = harness.send(form: "/v1/emotion", Form(image: nil, files: [("features", npy(rows))]))
        #expect(answer.status == 200 && form.status == 200, "\(answer.text)")
        for name in ["\"scores\":", "\"inputs\":"] {
            let mine = try #require(answer.text.split(separator: name).dropFirst().first)
            let theirs = try #require(form.text.split(separator: name).dropFirst().first)
            #expect(mine.prefix { $0 != "}" } == theirs.prefix { $0 != "}" })
        }
    }

    @Test(arguments: [
        ("[]", "expected is [3]"), ("[[]]", "expected is [3]"), ("[1,2]", "expected is [3]"),
        ("[1,2,\"3\"]", "must be numbers"),
        ("[[1,2,3],[4,5]]", "different lengths"),
        ("[[1,2,3],4]", "array of arrays"), ("[1,2,[3]]", "must be numbers"), ("{}", "base64"), ("7", "base64"),
        ("[1,2,1e300]", "finite"),
    ])
    func `are refused in words where they are none`(_ features: String, _ words: String) {
        let answer = send(features)
        #expect(answer.status == 422 && answer.code == "invalid_features", "\(answer.text)")
        #expect(answer.text.contains(words), "\(answer.text)")
    }
}
