import HTTP
import Testing

@testable import Service

@Suite struct RequestTimeoutTests {
    @Test(arguments: [("2.5", 2500), ("0.001", 1), ("30", 30000), ("86400", 86_400_000)])
    func `is a number of seconds`(value: String, milliseconds: Int) throws {
        let time = try RequestTimeout.read(HTTPHeaders([("X-Request-Timeout", value)]))
        #expect(time == .milliseconds(milliseconds))
    }

    @Test func `may be left out`() throws {
        #expect(try RequestTimeout.read(HTTPHeaders()) == nil)
    }

    @Test(arguments: ["", "soon", "0", "0.0001", "-1", "+1", "1e3", "nan", "inf", "86401", "1.2.3", "0x10", " 1 s"])
    func `that is none is refused with what it takes`(value: String) {
        #expect {
            _ = try RequestTimeout.read(HTTPHeaders([("X-Request-Timeout", value)]))
        } throws: { error in
            guard let problem = error as? Problem else { return false }
            return problem.code == .malformedRequest && problem.detail.contains("0.001 to 86400")
        }
    }
}
