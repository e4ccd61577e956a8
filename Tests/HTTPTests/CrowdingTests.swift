import Dispatch
import Glibc
import Synchronization
import Testing

@testable import HTTP

/// What one client does costs that client: connections, unread answers, and turns.
struct CrowdingTests {
    @Test func `at the bound of connections the longest idle one makes room`() throws {
        try withServer {
            $0.maxConnections = 2
        } _: { address, server in
            let clients = [try RawClient(address), try RawClient(address)]
            for client in clients {
                client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try client.response().status == 200)
            }
            let third = try RawClient(address)
            third.send("GET /third HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try third.response().text == "GET /third")
            #expect(clients[0].isAtEnd())
            clients[1].send("GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try clients[1].response().text == "GET /second")
        }
    }

    @Test(arguments: [1, 3])
    func `who fills all connections with requests makes room for others, not for more of its own`(
        _ loops: Int
    ) throws {
        let cancelled = Event<Bool>()
        let arrived = Event<Bool>()
        let handler = TestHandler { request, exchange in
            guard request.path == "/slow" else {
                exchange.respond(HTTPResponse(status: 200))
                return .discard
            }
            exchange.onCancel { cancelled.happened() }
            arrived.happened()
            return .discard
        }
        try withServer(handler) {
            $0.maxConnections = 4
            $0.loops = loops
        } _: { address, server in
            var crowd: [RawClient] = []
            for _ in 0..<4 {
                crowd.append(try RawClient(address, from: "127.0.0.2"))
                crowd.last?.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(arrived.wait() == true)
            }
            // One more of the same is closed without a word.
            let more = try RawClient(address, from: "127.0.0.2")
            #expect(more.isAtEnd())
            let other = try RawClient(address, from: "127.0.0.3")
            other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try other.response().status == 200)
            #expect(cancelled.wait() == true)
            withExtendedLifetime(crowd) {}
        }
    }

    @Test func `answers that nobody reads make room for others' answers`() throws {
        let size = 1 << 20
        let completed = Event<[Int?]>()
        let handler = TestHandler { request, exchange in
            if request.path == "/unread" { exchange.onComplete { completed.happened([$0, $1]) } }
            exchange.respond(HTTPResponse(status: 200, body: [UInt8](repeating: 65, count: size)))
            return .discard
        }
        try withServer(handler) {
            $0.maxUnsentBytes = 4 * size
        } _: { address, _ in
            var crowd: [RawClient] = []
            for _ in 0..<12 {
                crowd.append(try RawClient(address, receiveBuffer: 1024))
                crowd.last?.send("GET /unread HTTP/1.1\r\nHost: a\r\n\r\n")
            }
            // Four fit; each of the other eight costs one.
            for _ in 0..<8 {
                let outcome = try #require(completed.wait())
                #expect(outcome[0] == 200)
                #expect(try #require(outcome[1]) < size)
            }
            let reader = try RawClient(address)
            reader.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try reader.response().body.count == size)
            withExtendedLifetime(crowd) {}
        }
    }

    @Test func `large answers to pipelined requests wait one at a time`() throws {
        let made = Atomic<Int>(0)
        let handler = TestHandler { _, exchange in
            made.add(1, ordering: .relaxed)
            exchange.respond(HTTPResponse(status: 200, body: [UInt8](repeating: 65, count: 1 << 20)))
            return .discard
        }
        try withServer(handler) { address, _ in
            let crowd = try RawClient(address, receiveBuffer: 1024)
            crowd.send(String(repeating: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 100))
            let other = try RawClient(address)
            for _ in 0..<20 {
                other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                #expect(try other.response().status == 200)
            }
            // The crowd's first fills what the kernel takes; a second begins only behind it.
            #expect(made.load(ordering: .relaxed) <= 22)
            withExtendedLifetime(crowd) {}
        }
    }

    @Test func `a client that sends a thousand requests at once does not keep others waiting for all of them`() throws {
        let count = 1000
        let served = Atomic<Int>(0)
        let otherIsReady = DispatchSemaphore(value: 0)
        let before = Event<Int>()
        let handler = TestHandler { request, exchange in
            if request.path == "/other" {
                before.happened(served.load(ordering: .relaxed))
            } else if request.path == "/many", served.add(1, ordering: .relaxed).newValue == 1 {
                // The loop stands still until the other client has sent its request.
                otherIsReady.wait()
            }
            exchange.respond(HTTPResponse(status: 200))
            return .discard
        }
        try withServer(handler) { address, _ in
            let (many, other) = (try RawClient(address, from: "127.0.0.2"), try RawClient(address))
            other.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            #expect(try other.response().status == 200)
            many.send(String(repeating: "GET /many HTTP/1.1\r\nHost: a\r\n\r\n", count: count))
            other.send("GET /other HTTP/1.1\r\nHost: a\r\n\r\n")
            otherIsReady.signal()
            #expect(try #require(before.wait()) < count / 2)
            for _ in 0..<count { #expect(try many.response().status == 200) }
        }
    }
}

/// How fast bodies must come.
struct UploadRateTests {
    private let deadlines = ServerState.Deadlines(HTTPServerConfiguration())

    private func seconds(of octets: Int, length: Int?) -> Double {
        Double(deadlines.upload(of: octets, length: length)) / 1e9
    }

    @Test func `a photo from a slow telephone has time`() {
        #expect(seconds(of: 3_000_000, length: 3_000_000) > 3_000_000 / 64_000)
        #expect(seconds(of: 64_000, length: 3_000_000) > 1)
    }

    @Test func `a long body must come faster, from its beginning`() {
        #expect(seconds(of: 64_000, length: 32 << 20) < 1)
        #expect(seconds(of: 128 << 10, length: 32 << 20) == 1)
    }

    @Test(arguments: [1, 1000, 1 << 20, 4 << 20, 4 << 20 + 1, 32 << 20, 1 << 30, 1 << 40, Int.max])
    func `no body has more time than four MiB have at the least rate`(_ length: Int) {
        for announced in [length, nil] {
            #expect(seconds(of: length, length: announced) <= 256)
        }
        // What was announced and did not come gives no time.
        #expect(seconds(of: 0, length: length) == 0)
    }
}
