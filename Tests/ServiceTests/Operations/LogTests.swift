import Glibc
import JSON
import Logging
import Testing

@testable import Service

@Suite struct LogTests {
    private let time = LogTime(milliseconds: 1_767_225_599_007)

    private func text(_ line: LogLine, _ style: LogStyle = .text) -> String {
        String(decoding: line.bytes(style), as: UTF8.self)
    }

    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z"), (1_767_225_599_007, "2025-12-31T23:59:59.007Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"), (1_709_210_096_789, "2024-02-29T12:34:56.789Z"),
    ])
    func `times are written in UTC to the millisecond`(milliseconds: Int, text: String) {
        #expect(LogTime(milliseconds: milliseconds).description == text)
    }

    @Test func `a text line is one line, whatever is in it`() {
        let line = LogLine(
            "info", "a\nb \"c\" \u{1B}[31m\u{2028}", at: time,
            fields: [
                ("plain", .text("x")), ("blank", .text("a b")), ("empty", .text("")), ("line", .text("a\r\n\"=\\")),
                ("n", .count(-3)), ("ms", .milliseconds(.nanoseconds(1_234_560))), ("k=", .text("é")),
            ])
        #expect(
            text(line)
                == "2025-12-31T23:59:59.007Z info a\\nb \"c\" \\u{1b}[31m\\u{2028} plain=x blank=\"a b\" empty=\"\" "
                + "line=\"a\\r\\n\\\"=\\\\\" n=-3 ms=1.235 \"k=\"=é\n")
    }

    @Test func `a JSON line is one object with distinct keys`() throws {
        let line = LogLine(
            "info", "a\n\"b\"", at: time,
            fields: [
                ("level", .text("x")), ("n", .count(3)), ("n", .count(4)), ("ms", .milliseconds(.microseconds(500))),
            ])
        #expect(
            text(line, .json)
                == #"{"time":"2025-12-31T23:59:59.007Z","level":"info","message":"a\n\"b\"","level_":"x","n":3,"n_":4,"#
                + #""ms":0.5}"# + "\n")
    }

    @Test func `an access line has what an operator looks for, and neither path nor query`() {
        var entry = AccessLogEntry(
            requestID: "r-1", peer: "192.0.2.1", method: "POST", route: "/v1/caption", status: 503,
            total: .microseconds(12_345))
        entry.problem = "queue_full"
        entry.bytesReceived = 100
        entry.bytesSent = 20
        entry.stages = [("queue", .milliseconds(2))]
        #expect(
            text(entry.line(at: time))
                == "2025-12-31T23:59:59.007Z info answered request_id=r-1 peer=192.0.2.1 method=POST "
                + "route=/v1/caption status=503 problem=queue_full bytes_received=100 bytes_sent=20 "
                + "total_ms=12.345 queue_ms=2.0\n")
        entry.status = 500
        #expect(entry.line(at: time).level == "error")
        entry.status = nil
        entry.route = nil
        #expect(text(entry.line(at: time)).contains("info client went away request_id=r-1"))
        #expect(!text(entry.line(at: time)).contains("route="))
    }

    @Test func `what is logged through swift-log arrives with its details, the nearest winning`() throws {
        let pipe = try LogPipe()
        let sink = LogSink(.text, descriptor: pipe.writing)
        var logger = Logger(label: "http") { [time] label in SinkLogHandler(label: label, sink: sink, now: { time }) }
        logger[metadataKey: "a"] = "logger"
        logger[metadataKey: "b"] = "logger"
        logger.debug("unseen")
        logger.error("seen", metadata: ["b": "statement", "c": ["x", "y"]])
        #expect(sink.flush())
        #expect(
            pipe.lines() == [
                "2025-12-31T23:59:59.007Z error seen logger=http a=logger b=statement c=\"[\\\"x\\\", \\\"y\\\"]\""
            ])
    }

    @Test func `lines of many threads stay whole and complete`() async throws {
        let pipe = try LogPipe()
        let sink = LogSink(.json, descriptor: pipe.writing)
        await withTaskGroup(of: Void.self) { group in
            for thread in 0..<4 {
                group.addTask {
                    for index in 0..<50 { sink.write(LogLine("info", "\(thread) \(index)")) }
                }
            }
        }
        #expect(sink.flush())
        let lines = pipe.lines()
        #expect(lines.count == 200)
        for line in lines {
            guard case .object = try JSONValue(parsing: line) else {
                Issue.record("no object: \(line)")
                return
            }
        }
    }

    @Test func `a reader that does not read holds nobody up, and the log says what is missing`() throws {
        let pipe = try LogPipe()
        let sink = LogSink(.text, descriptor: pipe.writing, capacity: 100_000)
        let long = String(repeating: "x", count: 1000)
        // More than the pipe and the sink hold; this loop ends although nobody reads.
        for _ in 0..<500 { sink.write(LogLine("info", long)) }
        #expect(!sink.flush(within: .zero))

        var buffer = [UInt8](repeating: 0, count: 65536)
        var content: [UInt8] = []
        while !String(decoding: content.suffix(40), as: UTF8.self).contains("dropped=") {
            let count = read(pipe.reading, &buffer, buffer.count)
            try #require(count > 0)
            content += buffer[..<count]
        }
        #expect(sink.flush(within: .seconds(600)))
        let lines = String(decoding: content, as: UTF8.self).split(separator: "\n") + pipe.lines().map { $0[...] }
        let kept = lines.count { $0.hasSuffix(long) }
        let dropped = lines.compactMap { line in line.firstRange(of: "dropped=").flatMap { Int(line[$0.upperBound...]) }
        }
        #expect(kept + dropped.reduce(0, +) == 500)
        #expect(kept + dropped.count == lines.count)
    }

    @Test func `a log that nobody can read is given up quietly`() throws {
        let pipe = try LogPipe()
        signal(SIGPIPE, SIG_IGN)
        close(pipe.reading)
        let sink = LogSink(.text, descriptor: pipe.writing)
        sink.write(LogLine("info", "lost"))
        #expect(sink.flush())
        close(pipe.writing)
    }
}
