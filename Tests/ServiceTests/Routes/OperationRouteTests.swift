import HTTP
import JSON
import TemporaryFolders
import Testing

@testable import Service

@Suite struct `Probes` {
    @Test func `before the model is loaded the server is live and not ready`() throws {
        let harness = try Harness(isReady: false)
        #expect(harness.send("GET", "/health/live").status == 200)
        #expect(harness.send("GET", "/health").status == 200)
        for path in ["/health/ready", "/health/startup"] {
            let answer = harness.send("GET", path)
            #expect(answer.status == 503)
            #expect(answer.string("reason") == "the model is being loaded")
        }
        #expect(harness.send("GET", "/v1/models").text == #"{"object":"list","data":[],"models":[]}"#)
        let refused = harness.send(form: "/v1/caption", Form())
        #expect(refused.status == 503)
        #expect(refused.code == "not_ready")
        #expect(refused.headers["Retry-After"] != nil)
    }

    @Test func `ready means that a warm-up caption was computed`() throws {
        let harness = try Harness(isReady: false)
        #expect(harness.model.counts.withLock(\.steps) == 0)
        try harness.service.serve(harness.model)
        #expect(harness.model.counts.withLock(\.steps) > 0)
        for path in ["/health/ready", "/health/startup"] { #expect(harness.send("GET", path).status == 200) }
    }

    @Test func `a queue at its bound makes the server not ready, and further requests a 503`() throws {
        let gate = Gate()
        let harness = try Harness(FakeModel(words: 1, encodeGate: gate), isReady: false) {
            $0.maxQueue = 1
            $0.maxBatch = 1
        }
        gate.open()
        try harness.service.serve(harness.model)
        gate.waitForArrival()
        let running = harness.begin("POST", "/v1/caption", [("Content-Type", "image/jpeg")], body: Photo.jpeg)
        gate.waitForArrival()
        let waiting = harness.begin("POST", "/v1/caption", [("Content-Type", "image/jpeg")], body: Photo.jpeg)
        wait { harness.waiting == 1 }
        let ready = harness.send("GET", "/health/ready")
        #expect(ready.status == 503)
        #expect(ready.string("reason") == "the queue of caption is full")
        let refused = harness.send(form: "/v1/caption", Form())
        #expect(refused.status == 503)
        #expect(refused.code == "queue_full")
        #expect(refused.headers["Retry-After"] != nil)
        gate.open(2)
        #expect(running.answer().status == 200)
        #expect(waiting.answer().status == 200)
    }

    @Test func `answers in JSON end with a newline, whatever they say, and no other answer gets one`() throws {
        let harness = try Harness()
        let answers = [
            harness.send("GET", "/health/live"), harness.send("GET", "/v1/models"), harness.send("GET", "/v1/no"),
            harness.send(form: "/v1/embed", Form([("text", "a dog")], image: nil)),
            Answer(
                harness.service.handler.response(
                    to: .init(status: 400, code: "malformed_request", detail: "No."), in: HTTPMessageStart(),
                    exchange: FakeExchange())),
        ]
        for answer in answers {
            #expect(answer.body.last == UInt8(ascii: "\n"), "\(answer.text)")
            #expect(answer.body.dropLast().last == UInt8(ascii: "}"), "\(answer.text)")
        }
        #expect(harness.send("GET", "/openapi.yaml").body == PackageResources.openapi_yaml)
        #expect(harness.send("OPTIONS", "/v1/models").body.isEmpty)
    }

    @Test func `HEAD, OPTIONS and other methods are answered on every path`() throws {
        let harness = try Harness()
        #expect(harness.send("HEAD", "/health/live").status == 200)
        let options = harness.send("OPTIONS", "/v1/caption")
        #expect(options.status == 204)
        #expect(options.headers["Allow"] == "POST, OPTIONS")
        let wrong = harness.send("GET", "/v1/caption")
        #expect(wrong.status == 405)
        #expect(wrong.code == "method_not_allowed")
        #expect(wrong.headers["Allow"] == "POST, OPTIONS")
        let unknown = harness.send("GET", "/v1/captoin")
        #expect(unknown.status == 404)
        #expect(unknown.detail.contains("did you mean /v1/caption?"))
    }

    @Test func `a model that is served is described, another is unknown`() throws {
        let harness = try Harness()
        #expect(harness.send("GET", "/v1/models/fake").string("digest") == "sha256:0")
        let unknown = harness.send("GET", "/v1/models/other")
        #expect(unknown.status == 404)
        #expect(unknown.code == "unknown_model")
    }

    @Test func `the contract is served`() throws {
        let answer = try Harness().send("GET", "/openapi.yaml")
        #expect(answer.headers["Content-Type"] == "application/yaml")
        #expect(answer.text.hasPrefix("openapi: 3.1.0\n"))
    }

    @Test func `metrics count answers by route, method and status, and refusals by code`() throws {
        let harness = try Harness()
        _ = harness.send(form: "/v1/caption", Form())
        _ = harness.send(form: "/v1/caption", Form([("beam", "1")]))
        _ = harness.send(form: "/v1/caption", Form(image: Array("qoif".utf8)))
        _ = harness.send("BREW", "/secret/path")
        let metrics = harness.send("GET", "/metrics")
        #expect(metrics.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8")
        for line in [
            #"sensorium_http_requests_total{route="/v1/caption",method="POST",status="200"} 1"#,
            #"sensorium_http_requests_total{route="none",method="other",status="404"} 1"#,
            #"sensorium_rejected_total{reason="invalid_option"} 1"#,
            #"sensorium_rejected_total{reason="unsupported_media_type"} 1"#,
            #"sensorium_decode_failures_total{format="unsupported"} 1"#,
            #"sensorium_pixels_total 2745"#,
            #"sensorium_model_info{model="fake",digest="sha256:0",precision="f32"} 1"#,
            #"sensorium_queue_depth{task="caption",model="fake"} 0"#,
        ] {
            #expect(metrics.text.contains(line + "\n"), "\(line)")
        }
        #expect(!metrics.text.contains("secret"))
        let open = harness.send("GET", "/metrics", [("Accept", "application/openmetrics-text;version=1.0.0,*/*;q=0.1")])
        #expect(open.headers["Content-Type"]?.hasPrefix("application/openmetrics-text") == true)
    }
}

@Suite struct `Admission of requests` {
    private let keyFile = "first-key-1234567890\n# a comment\nsecond-key-123456789\n"

    @Test func `with API keys set, a request needs one; probes need none`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(keyFile, to: "keys")
        let harness = try Harness { $0.apiKeys = path }
        for headers in [
            [], [("Authorization", "Bearer wrong-key-1234567890")], [("Authorization", "Basic first-key-1234567890")],
        ] {
            let refused = harness.send(form: "/v1/caption", Form(), headers)
            #expect(refused.status == 401)
            #expect(refused.code == "unauthorized")
            #expect(refused.headers["WWW-Authenticate"] == "Bearer")
        }
        #expect(
            harness.send(form: "/v1/caption", Form(), [("Authorization", "Bearer second-key-123456789")]).status == 200)
        #expect(harness.send("GET", "/health/ready").status == 200)
        #expect(harness.send("GET", "/metrics").status == 401)
    }

    @Test func `wrong keys of one address are limited, right ones and other addresses are not`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(keyFile, to: "keys")
        let harness = try Harness { $0.apiKeys = path }
        let ask = { (authorization: String?, address: String) in
            let headers = authorization.map { [("Authorization", $0)] } ?? []
            return Answer(
                harness.begin("GET", "/v1/models", headers, exchange: FakeExchange(peerAddress: address)).answer())
        }
        let guesses = (0..<300).map { ask("Bearer wrong-key-\($0)-1234567890", "192.0.2.1") }
        #expect(guesses.prefix(10).allSatisfy { $0.status == 401 })
        #expect(guesses.count { $0.status == 429 } >= 280)
        #expect(guesses.last?.headers["Retry-After"].flatMap { Int($0) } ?? 0 > 0)
        #expect(guesses.last?.code == "rate_limited")
        #expect(ask("Bearer first-key-1234567890", "192.0.2.1").status == 200)
        #expect(ask("Bearer wrong-key-1234567890", "192.0.2.2").status == 401)
        // Who forgot the key is told so, and guesses nothing.
        #expect((0..<30).allSatisfy { _ in ask(nil, "192.0.2.3").status == 401 })
    }

    @Test func `metrics need no key where the operator says so`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(keyFile, to: "keys")
        let harness = try Harness {
            $0.apiKeys = path
            $0.openMetrics = true
        }
        #expect(harness.send("GET", "/metrics").status == 200)
        #expect(harness.send("GET", "/v1/models").status == 401)
    }

    @Test func `keys are read again on demand, and kept where the file is broken`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(keyFile, to: "keys")
        let harness = try Harness { $0.apiKeys = path }
        let ask = { (key: String) in harness.send("GET", "/v1/models", [("Authorization", "Bearer \(key)")]).status }
        try folder.write("third-key-1234567890\n", to: "keys")
        #expect(ask("first-key-1234567890") == 200)
        harness.service.rereadKeys()
        #expect(ask("first-key-1234567890") == 401)
        #expect(ask("third-key-1234567890") == 200)
        try folder.write("short\n", to: "keys")
        harness.service.rereadKeys()
        #expect(ask("third-key-1234567890") == 200)
    }

    @Test func `whoever asks too often is told when to come back; probes are not counted`() throws {
        let harness = try Harness { $0.rateLimit = RateLimit("2/h") }
        let ask = { (address: String) in
            Answer(harness.begin("GET", "/v1/models", exchange: FakeExchange(peerAddress: address)).answer())
        }
        for _ in 0..<2 { #expect(ask("192.0.2.1").status == 200) }
        let refused = ask("192.0.2.1")
        #expect(refused.status == 429)
        #expect(refused.code == "rate_limited")
        #expect(refused.headers["Retry-After"].flatMap { Int($0) } ?? 0 > 0)
        #expect(ask("192.0.2.2").status == 200)
        for _ in 0..<5 { #expect(harness.send("GET", "/health/live").status == 200) }
    }

    @Test func `only pages of named origins may read answers`() throws {
        let harness = try Harness { $0.corsOrigins = ["https://a.example"] }
        let named = harness.send("GET", "/v1/models", [("Origin", "https://a.example")])
        #expect(named.headers["Access-Control-Allow-Origin"] == "https://a.example")
        #expect(named.headers["Vary"] == "Origin")
        let other = harness.send("GET", "/v1/models", [("Origin", "https://b.example")])
        #expect(other.status == 200)
        #expect(other.headers["Access-Control-Allow-Origin"] == nil)
        let preflight = [("Origin", "https://a.example"), ("Access-Control-Request-Method", "POST")]
        #expect(
            harness.send("OPTIONS", "/v1/caption", preflight).headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
        )
        let closed = try Harness()
        for headers in [closed.send("OPTIONS", "/v1/caption", preflight).headers] {
            #expect(!headers.fields.contains { $0.name.hasPrefix("Access-Control") })
        }
    }

    @Test func `a compressed body is refused`() throws {
        let answer = try Harness().send(form: "/v1/caption", Form(), [("Content-Encoding", "gzip")])
        #expect(answer.status == 415)
        #expect(answer.headers["Accept-Encoding"] == "identity")
    }

    @Test(arguments: [
        ("/v1/caption", "image/png", 406), ("/v1/caption", "application/json", 200), ("/v1/caption", "*/*", 200),
        ("/v1/embed", "text/event-stream", 406),
    ])
    func `an answer that the client does not take is not computed`(_ path: String, _ accept: String, _ status: Int)
        throws
    {
        let answer = try Harness().send(form: path, Form(), [("Accept", accept)])
        #expect(answer.status == status)
        if status == 406 { #expect(answer.detail.contains("application/json")) }
    }

    @Test func `the trace of a request is passed on`() throws {
        let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        #expect(try Harness().send("GET", "/v1/models", [("traceparent", trace)]).headers["traceparent"] == trace)
    }

    @Test func `a message that is no request gets a problem too`() throws {
        let harness = try Harness()
        let failure = HTTPFailure(status: 431, code: "headers_too_large", detail: "There are too many.")
        let exchange = FakeExchange()
        let answer = Answer(harness.service.handler.response(to: failure, in: HTTPMessageStart(), exchange: exchange))
        #expect(answer.status == 431)
        #expect(answer.code == "headers_too_large")
        #expect(answer.headers["X-Request-Id"] != nil)
    }
}
