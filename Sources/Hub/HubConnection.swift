import CCurl
import Glibc

/// Asks one request after the other, over connections that stay open between them. For one thread.
final class HubConnection {
    /// What is asked.
    struct Request {
        /// The whole address.
        var url: String
        /// Whether only the head of the answer is wanted.
        var isHead = false
        /// Whose rights are asked for; nil where the address is not of the hub.
        var token: String?
        /// The first byte of the body that is wanted.
        var start = 0
    }

    /// The head of an answer.
    struct Head {
        var status = 0
        /// By their names in small letters; of two of one name the last.
        var fields: [String: String] = [:]
    }

    /// Why no answer came, or not all of it.
    struct Broken: Error {
        /// In the words of libcurl.
        let reason: String
    }

    /// What one request receives: the head, then the body piece by piece.
    private final class Reception {
        var head = Head()
        var failure: (any Error)?
        let take: (Head, UnsafeRawBufferPointer) throws -> Void

        init(_ take: @escaping (Head, UnsafeRawBufferPointer) throws -> Void) { self.take = take }

        func line(_ bytes: UnsafeRawBufferPointer) {
            let line = String(decoding: bytes, as: UTF8.self)
            // Of a proxy, or an interim answer, an earlier head comes first.
            if line.hasPrefix("HTTP/") {
                head = Head(status: line.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix(3)) } ?? 0)
            }
            guard let colon = line.firstIndex(of: ":") else { return }
            let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
            head.fields[line[..<colon].lowercased()] = String(
                value.prefix { $0 != "\r" && $0 != "\n" && $0 != "\r\n" })
        }
    }

    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private let handle: UnsafeMutableRawPointer?

    /// - Parameter certificates: a file of certificates of authorities, instead of the system's.
    init(certificates: String?) {
        handle = Self.isReady ? curl_easy_init() : nil
        curl_easy_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        curl_easy_set_text(handle, CURLOPT_USERAGENT, "sensorium; hub")
        // No signal is to end a name's look-up: threads have none of their own.
        curl_easy_set_number(handle, CURLOPT_NOSIGNAL, 1)
        curl_easy_set_number(handle, CURLOPT_CONNECTTIMEOUT, 20)
        // A transfer without a byte in half a minute has broken.
        curl_easy_set_number(handle, CURLOPT_LOW_SPEED_LIMIT, 1)
        curl_easy_set_number(handle, CURLOPT_LOW_SPEED_TIME, 30)
        curl_easy_set_number(handle, CURLOPT_BUFFERSIZE, 256 << 10)
        if let certificates { curl_easy_set_text(handle, CURLOPT_CAINFO, certificates) }
    }

    deinit { curl_easy_cleanup(handle) }

    /// Asks, and gives the body to `take` piece by piece; what that throws ends the transfer. Redirects are answers here.
    func send(
        _ request: Request, take: @escaping (Head, UnsafeRawBufferPointer) throws -> Void = { _, _ in }
    ) throws -> Head {
        guard let handle else { throw Broken(reason: "libcurl cannot be used") }
        let reception = Reception(take)
        var fields: UnsafeMutablePointer<curl_slist>?
        // Compressed it would have another length, and no digest.
        fields = curl_slist_append(fields, "Accept-Encoding: identity")
        if let token = request.token { fields = curl_slist_append(fields, "Authorization: Bearer \(token)") }
        if request.start > 0 { fields = curl_slist_append(fields, "Range: bytes=\(request.start)-") }
        defer { curl_slist_free_all(fields) }
        curl_easy_set_text(handle, CURLOPT_URL, request.url)
        curl_easy_set_number(handle, CURLOPT_NOBODY, request.isHead ? 1 : 0)
        if !request.isHead { curl_easy_set_number(handle, CURLOPT_HTTPGET, 1) }
        curl_easy_set_fields(handle, fields)
        // libcurl calls back within `curl_easy_perform` alone, while `reception` is held below.
        curl_easy_set_receivers(
            handle,
            { bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let reception = Unmanaged<Reception>.fromOpaque(context).takeUnretainedValue()
                reception.line(UnsafeRawBufferPointer(start: bytes, count: size * count))
                return size * count
            },
            { bytes, size, count, context in
                guard let bytes, let context else { return 0 }
                let reception = Unmanaged<Reception>.fromOpaque(context).takeUnretainedValue()
                do {
                    try reception.take(
                        reception.head, UnsafeRawBufferPointer(start: bytes, count: size * count))
                    return size * count
                } catch {
                    reception.failure = error
                    return 0
                }
            }, Unmanaged.passUnretained(reception).toOpaque())
        let result = withExtendedLifetime(reception) { curl_easy_perform(handle) }
        if let failure = reception.failure { throw failure }
        guard result == CURLE_OK else { throw Broken(reason: Self.words(result)) }
        return reception.head
    }

    private static func words(_ code: CURLcode) -> String {
        let words = String(cString: curl_easy_strerror(code))
        return words.prefix(1).lowercased() + words.dropFirst()
    }
}
