import HTTP
import Synchronization
import Testing

/// Streams that are made as fast as their clients read them.
struct BackPressureTests {
    /// Streams pieces of which no more than `below` octets wait, until `total` octets are written or the client is gone.
    private final class Source: Sendable {
        private struct Progress {
            var written = 0
            var most = 0
        }

        let exchange: any HTTPExchange
        let ended = Event<Bool>()
        private let total: Int
        private let below: Int
        private let progress = Mutex(Progress())
        private static let piece = [UInt8](repeating: 65, count: 50_000)

        init(_ exchange: any HTTPExchange, total: Int, below: Int) {
            (self.exchange, self.total, self.below) = (exchange, total, below)
            exchange.startStreaming(status: 200, headers: HTTPHeaders())
        }

        func next() {
            exchange.onDrained(below: below) { [self] isConnected in
                guard isConnected, exchange.write(Self.piece) else { return ended.happened(false) }
                let written = progress.withLock { progress in
                    progress.written += Self.piece.count
                    return progress.written
                }
                if written < total { return next() }
                exchange.endStream()
                ended.happened(true)
            }
        }

        var written: Int { progress.withLock(\.written) }
    }

    private static func streaming(_ started: Event<Source>, total: Int) -> TestHandler {
        TestHandler { _, exchange in
            let source = Source(exchange, total: total, below: 60_000)
            started.happened(source)
            source.next()
            return .discard
        }
    }

    @Test func `a stream far larger than the bound arrives whole`() throws {
        try withServer(Self.streaming(Event(), total: 40_000_000)) {
            $0.maxStreamBacklog = 120_000
        } _: { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().body.count == 40_000_000)
        }
    }

    @Test func `a stream stands still while its client does not read, and ends when the client is gone`() throws {
        let started = Event<Source>()
        try withServer(Self.streaming(started, total: .max)) {
            $0.maxStreamBacklog = 120_000
            $0.writeTimeout = 0.2
        } _: { address, _ in
            let client = try RawClient(address, receiveBuffer: 1024)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let source = try #require(started.wait())
            // The client never passes the bound: it counts as gone because nothing moves any more.
            #expect(source.ended.wait() == false)
            #expect(source.exchange.isCancelled)
            #expect(source.written < 1_000_000)
        }
    }

    @Test func `a stream that is broken off has no end that a client could take for one`() throws {
        let handler = TestHandler { _, exchange in
            exchange.startStreaming(status: 200, headers: HTTPHeaders())
            exchange.write(Array("half of it".utf8))
            exchange.breakOff()
            exchange.endStream()
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(!String(decoding: client.rest(), as: UTF8.self).hasSuffix("0\r\n\r\n"))
        }
    }

    @Test func `who asks after the end is told at once`() throws {
        let started = Event<any HTTPExchange>()
        let completed = Event<Bool>()
        let handler = TestHandler { _, exchange in
            exchange.onComplete { _, _ in completed.happened() }
            exchange.respond(HTTPResponse(status: 200))
            started.happened(exchange)
            return .discard
        }
        try withServer(handler) { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try client.response().status == 200)
            let exchange = try #require(started.wait())
            #expect(completed.wait() == true)
            let told = Event<Bool>()
            exchange.onDrained(below: 0) { told.happened($0) }
            #expect(told.wait() == true)
        }
    }
}
