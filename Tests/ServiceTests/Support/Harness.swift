import Decoders
import Foundation
import HTTP
import JSON
import Logging
import Testing

@testable import Service

/// The service without sockets: requests go straight to its handler.
final class Harness: Sendable {
    let service: Service
    let model: FakeModel

    init(
        _ model: FakeModel = FakeModel(), isReady: Bool = true, decoder: any MediaDecoder = InProcessDecoder(),
        accessLog: LogSink? = nil,
        configure: (inout ServiceConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = ServiceConfiguration()
        configuration.http.port = 0
        configuration.data = "off"
        // A test that says nothing of it is not to depend on how fast it runs.
        configuration.targetWait = 3600
        configuration.requestDeadline = 3600
        configuration.drainSeconds = 600
        configuration.http.headerTimeout = 600
        configuration.http.bodyTimeout = 600
        configuration.http.bodyRateGrace = 600
        configuration.http.idleTimeout = 600
        configuration.http.writeTimeout = 600
        configure(&configuration)
        self.model = model
        service = try Service(
            configuration, decoder: decoder, accessLog: accessLog,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        if isReady { try service.serve(model) }
    }

    /// What waits for captions.
    var waiting: Int? { service.loads.first { $0.task.name == "caption" }?.waiting }

    /// Sends a request and gives back its exchange at once.
    func begin(
        _ method: String, _ target: String, _ headers: [(String, String)] = [], body: [UInt8] = [],
        pieces: Int = 1, exchange: FakeExchange = FakeExchange()
    ) -> FakeExchange {
        let head = Self.head(method, target, headers, bodyBytes: body.count)
        guard case .deliver(let receiver, let limit) = service.handler.receive(head, exchange: exchange) else {
            return exchange
        }
        #expect(limit > 0)
        let size = max(1, (body.count + pieces - 1) / pieces)
        for start in stride(from: 0, to: body.count, by: size) {
            body[start..<min(start + size, body.count)].withUnsafeBytes { receiver.receive($0) }
        }
        receiver.finish()
        return exchange
    }

    /// Sends a request and waits for its answer.
    func send(
        _ method: String, _ target: String, _ headers: [(String, String)] = [], body: [UInt8] = [], pieces: Int = 1
    ) -> Answer {
        Answer(begin(method, target, headers, body: body, pieces: pieces).answer())
    }

    /// Sends a form and waits for its answer.
    func send(form target: String, _ form: Form, _ headers: [(String, String)] = [], pieces: Int = 1) -> Answer {
        send("POST", target, [("Content-Type", form.contentType)] + headers, body: form.body, pieces: pieces)
    }

    static func head(
        _ method: String, _ target: String, _ headers: [(String, String)], bodyBytes: Int
    ) -> HTTPRequestHead {
        let halves = target.split(separator: "?", maxSplits: 1)
        let path = String(halves[0])
        return HTTPRequestHead(
            method: method, path: path,
            segments: path.split(separator: "/").map { $0.removingPercentEncoding ?? String($0) },
            query: halves.count > 1 ? String(halves[1]) : nil, headers: HTTPHeaders(headers),
            contentLength: bodyBytes > 0 ? bodyBytes : nil, hasBody: bodyBytes > 0)
    }
}

/// An answer and what it says.
struct Answer {
    let status: Int
    let headers: HTTPHeaders
    let body: [UInt8]

    init(_ response: HTTPResponse) {
        (status, headers, body) = (response.status, response.headers, response.body)
    }

    /// The body, without the newline that ends JSON.
    var text: String {
        let text = String(decoding: body, as: UTF8.self)
        return headers["Content-Type"]?.hasSuffix("json") == true && text.last == "\n" ? String(text.dropLast()) : text
    }

    /// The member of a JSON body along a path of keys.
    func value(_ path: String...) -> JSONValue? {
        var value = try? JSONValue(parsing: body)
        for key in path {
            guard case .object(let members)? = value else { return nil }
            value = members[key]
        }
        return value
    }

    func string(_ path: String) -> String? {
        if case .string(let text)? = value(path) { text } else { nil }
    }

    /// The code of a problem.
    var code: String? { string("code") }
    /// The sentence of a problem.
    var detail: String { string("detail") ?? "" }
}

/// A multipart form as curl sends it.
struct Form {
    var body: [UInt8] = []
    let contentType = "multipart/form-data; boundary=XYZ"

    init(
        _ fields: [(String, String)] = [], image: [UInt8]? = Photo.jpeg, imageName: String = "image",
        files: [(String, [UInt8])] = []
    ) {
        for (name, value) in fields {
            body += Array("--XYZ\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n".utf8)
        }
        for (name, bytes) in (image.map { [(imageName, $0)] } ?? []) + files {
            let head = "--XYZ\r\nContent-Disposition: form-data; name=\"\(name)\"; filename=\"a.jpg\"\r\n\r\n"
            body += Array(head.utf8) + bytes + Array("\r\n".utf8)
        }
        body += Array("--XYZ--\r\n".utf8)
    }
}

/// Photos of Tests/Fixtures/media.
enum Photo {
    static let jpeg = file("jpeg/grey.jpg")
    static let other = file("jpeg/444.jpg")
    static let large = file("astronaut.jpg")
    static let png = file("chelsea-260.png")

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Fixtures/media")

    /// The bytes of a fixture; none where it is missing, which fails whatever uses them.
    static func file(_ name: String) -> [UInt8] {
        (try? Data(contentsOf: folder.appending(path: name))).map { [UInt8]($0) } ?? []
    }
}

extension Harness {
    /// A journal of its own, for requests made by hand.
    var journal: Journal {
        Journal(
            metrics: Metrics(), accessLog: nil, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// Whether a job was cancelled so far, by the metrics.
    var hasCancellation: Bool { hasMetric("sensorium_cancelled_total{task=\"caption\",model=\"fake\"} 1") }

    /// Whether no connection is open, by the metrics.
    var connectionsAreClosed: Bool { hasMetric("sensorium_http_connections 0") }

    /// Whether the metrics have a line.
    func hasMetric(_ line: String) -> Bool {
        MetricsFormat.prometheus.text(service.metrics.registry.snapshots).contains(line + "\n")
    }
}
