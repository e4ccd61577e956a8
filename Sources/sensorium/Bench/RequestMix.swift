/// The requests of a soak run: what clients do on a bad day.
struct RequestMix: Sendable {
    /// One kind of request.
    enum Kind: String, CaseIterable, Sendable {
        case caption
        case halfClosed = "half_closed_caption"
        case embed
        case health
        case unknownOption = "unknown_option"
        case damagedImage = "damaged_image"
        case foreignFormat = "foreign_format"
        case brokenForm = "broken_form"
        case malformedJSON = "malformed_json"
        case unknownPath = "unknown_path"
        case malformedHTTP = "malformed_http"
        case abortedUpload = "aborted_upload"
        case abortedWait = "aborted_wait"

        /// The statuses that are right; nil stands for no answer, because the client did not wait for it.
        var expected: [Int?] {
            switch self {
            case .caption, .halfClosed, .embed: [200, 503]
            case .health: [200]
            case .unknownOption, .damagedImage: [422]
            case .foreignFormat: [415]
            case .brokenForm, .malformedJSON, .malformedHTTP: [400]
            case .unknownPath: [404]
            case .abortedUpload, .abortedWait: [nil]
            }
        }

        /// The kind of the request of that number, the same for the same seed.
        static func drawn(number: Int, seed: UInt64) -> Kind {
            var value = seed &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
            value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
            value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
            return allCases[Int((value ^ (value >> 31)) % UInt64(allCases.count))]
        }
    }

    private let messages: [Kind: [UInt8]]
    private let target: Target

    init(target: Target, image: [UInt8]) {
        self.target = target
        let caption = RequestBytes(target.at("/v1/caption"))
        let good = caption.form(file: image, fields: [("beams", "1"), ("max_tokens", "10")])
        let broken = Array("--B\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a\"\r\n\r\nxyz".utf8)
        messages = [
            .caption: good, .halfClosed: good, .abortedUpload: Array(good.prefix(good.count / 2)), .abortedWait: good,
            .embed: RequestBytes(target.at("/v1/embed")).send(
                type: "application/json", Array("{\"text\":\"a dog runs\"}".utf8)),
            .health: RequestBytes(target.at("/health/live")).get,
            .unknownOption: caption.form(file: image, fields: [("beam", "1")]),
            .damagedImage: caption.form(file: Array(image.prefix(image.count / 2)), fields: []),
            .foreignFormat: caption.form(file: Array("GIF89a\u{1}\u{0}\u{1}\u{0}".utf8), fields: []),
            .brokenForm: caption.send(type: "multipart/form-data; boundary=B", broken),
            .malformedJSON: caption.send(type: "application/json", Array("{\"image\":".utf8)),
            .unknownPath: RequestBytes(target.at("/v1/captoin")).get,
            .malformedHTTP: Array("GET / HTTP/1.1\r\nHost : a\r\n\r\n".utf8),
        ]
    }

    /// Sends one request on a connection of its own; the status of the answer, nil where none came or none was awaited.
    func play(_ kind: Kind) -> Int? {
        do {
            var connection = try BlockingConnection(target)
            try connection.send(messages[kind] ?? [])
            switch kind {
            case .abortedUpload, .abortedWait:
                connection.resetOnClose()
                return nil
            case .halfClosed: connection.halfClose()
            default: break
            }
            return try connection.receive().status
        } catch {
            return nil
        }
    }
}
