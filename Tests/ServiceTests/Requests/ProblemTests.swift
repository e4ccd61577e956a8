import Foundation
import JSON
import Scheduler
import Testing

@testable import Media
@testable import Service

@Suite struct `Problems` {
    @Test func `a problem is a document of RFC 9457 with its members in a fixed order`() {
        let problem = Problem(
            .invalidOption, "The option is wrong.", members: ["option": .string("beams"), "limit": .integer(8)])
        let response = problem.response(requestID: "r1")
        #expect(response.status == 422)
        #expect(response.headers["Content-Type"] == "application/problem+json")
        let expected =
            #"{"type":"/problems/invalid_option","title":"An option is unknown or its value is not valid","status":422,"#
            + #""detail":"The option is wrong.","code":"invalid_option","request_id":"r1","option":"beams","limit":8}"#
        #expect(Answer(response).text == expected)
    }

    @Test func `whoever may try again later is told when`() {
        let response = Problem.retryLater(.rateLimited, after: 7, "Too often.").response(requestID: "r")
        #expect(response.status == 429)
        #expect(response.headers["Retry-After"] == "7")
        #expect(Problem.isDraining.status == 503)
        #expect(Problem.isDraining.headers["Retry-After"] == "1")
    }

    @Test func `every code has a status of an error, and none stands for two`() {
        for code in ProblemCode.allCases {
            #expect((400..<600).contains(code.status), "\(code)")
            #expect(!code.title.isEmpty && !code.title.hasSuffix("."))
        }
        #expect(Set(ProblemCode.allCases.map(\.title)).count == ProblemCode.allCases.count)
    }

    @Test func `every code that the HTTP server gives is in the table, with the same status`() throws {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "Sources/HTTP")
        var found = 0
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) where name.hasSuffix(".swift") {
            let text = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
            for match in text.matches(of: /status: (\d+), code: "([a-z_]+)"/) {
                found += 1
                let code = ProblemCode(rawValue: String(match.output.2))
                #expect(code?.status == Int(match.output.1), "\(match.output.0) in \(name)")
            }
        }
        #expect(found > 3)
    }

    @Test(arguments: [
        (SchedulerError.queueFull(task: "caption", bound: 3), 503, "queue_full"),
        (.draining, 503, "draining"),
        (.stopped, 503, "draining"),
        (.deadlineExceeded(task: "caption", started: false), 503, "deadline_exceeded"),
        (.deadlineExceeded(task: "caption", started: true), 504, "deadline_exceeded"),
    ])
    func `what the scheduler refuses has its status`(_ error: SchedulerError, _ status: Int, _ code: String) throws {
        let problem = try #require(Problem(error, deadlineSeconds: 60))
        #expect(problem.status == status)
        #expect(problem.code.rawValue == code)
        if status == 503 { #expect(problem.headers["Retry-After"] != nil) }
    }

    @Test func `what media cannot be read has the code that names why`() throws {
        #expect(Problem(MediaError.unsupportedFormat(found: "a GIF image"), deadlineSeconds: 1)?.status == 415)
        #expect(
            Problem(MediaError.undecodable(format: .jpeg, reason: "it is cut"), deadlineSeconds: 1)?.code
                == .undecodableImage)
        #expect(Problem(MediaError.tooLarge(reason: "it has 1 pixel"), deadlineSeconds: 1)?.code == .imageTooLarge)
    }

    @Test func `an unexpected error is not shown to the client`() {
        struct Secret: Error {}
        #expect(Problem(Secret(), deadlineSeconds: 1) == nil)
    }
}
