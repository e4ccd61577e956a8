/// The field lines of a message, in the order received or set (RFC 9110 section 5).
public struct HTTPHeaders: Sendable, Equatable {
    /// One field line. Names compare without regard to ASCII case; values are kept as they came, without surrounding blanks.
    public struct Field: Sendable, Equatable {
        /// The field's name as sent.
        public var name: String
        /// The field's value without leading and trailing spaces and tabs. Bytes above 0x7F are read as Latin-1.
        public var value: String
    }

    /// All field lines in order.
    public private(set) var fields: [Field] = []

    /// No field lines.
    public init() {}

    /// Field lines from a literal such as `HTTPHeaders([("Content-Type", "text/plain")])`.
    public init(_ pairs: [(String, String)]) {
        fields = pairs.map { Field(name: $0.0, value: $0.1) }
    }

    /// The value of the first field line of that name, or nil.
    public subscript(name: String) -> String? {
        fields.first { $0.name.equalsIgnoringASCIICase(name) }?.value
    }

    /// The values of every field line of that name, in order.
    public func values(_ name: String) -> [String] {
        fields.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
    }

    /// Appends a field line, keeping those of the same name.
    public mutating func add(_ name: String, _ value: String) {
        fields.append(Field(name: name, value: value))
    }

    /// Replaces every field line of that name by one.
    public mutating func set(_ name: String, _ value: String) {
        fields.removeAll { $0.name.equalsIgnoringASCIICase(name) }
        add(name, value)
    }
}

extension String {
    /// Whether two strings are equal when ASCII letters are folded; other bytes compare exactly.
    func equalsIgnoringASCIICase(_ other: String) -> Bool {
        let (a, b) = (self.utf8, other.utf8)
        return a.count == b.count
            && zip(a, b).allSatisfy { x, y in
                x == y || ((x ^ y) == 0x20 && (0x61...0x7A).contains(x | 0x20))
            }
    }
}

/// The request line and field lines of a request whose framing was found valid (RFC 9112 section 3).
public struct HTTPRequestHead: Sendable {
    /// The method, case-sensitive: `GET`, `POST` …
    public var method: String
    /// The path, normalised (no empty, `.` or `..` segments), still percent-encoded: `/v1/collections/my%20photos`.
    public var path: String
    /// The path's segments, percent-decoded: `["v1", "collections", "my photos"]`.
    public var segments: [String]
    /// What stands behind `?`, undecoded, or nil.
    public var query: String?
    /// The field lines.
    public var headers: HTTPHeaders
    /// 1 for HTTP/1.1, 0 for HTTP/1.0.
    public var minorVersion: Int
    /// `Content-Length`, nil if the body is chunked or absent.
    public var contentLength: Int?
    /// Whether a body follows (a length above 0, or chunked).
    public var hasBody: Bool

    /// Makes a head; tests and the parser do.
    public init(
        method: String, path: String, segments: [String], query: String? = nil, headers: HTTPHeaders = HTTPHeaders(),
        minorVersion: Int = 1, contentLength: Int? = nil, hasBody: Bool = false
    ) {
        self.method = method
        self.path = path
        self.segments = segments
        self.query = query
        self.headers = headers
        self.minorVersion = minorVersion
        self.contentLength = contentLength
        self.hasBody = hasBody
    }
}

/// A whole answer. The server adds `Date`, `Content-Length` and `Connection`.
public struct HTTPResponse: Sendable {
    /// The status code, 200 to 599.
    public var status: Int
    /// Field lines beside those the server adds.
    public var headers: HTTPHeaders
    /// The content; for HEAD only its length is sent.
    public var body: [UInt8]
    /// Closes the connection after this answer.
    public var closesConnection: Bool

    /// An answer with its content.
    public init(status: Int, headers: HTTPHeaders = HTTPHeaders(), body: [UInt8] = [], closesConnection: Bool = false) {
        self.status = status
        self.headers = headers
        self.body = body
        self.closesConnection = closesConnection
    }
}
