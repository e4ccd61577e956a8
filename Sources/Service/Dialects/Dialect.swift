import HTTP
import JSON

/// The way in which another program asks and answers, for the clients that were written for it.
///
/// A path of a dialect is a ``DialectTask``: it reads a foreign body into the parts and options of a route of our own, has that route
/// answer, and writes the answer as the foreign program would have. Everything around it (keys, rates, bodies, memory, queues,
/// deadlines, logs) is what every request has.
protocol Dialect: Sendable {
    /// A problem as its clients read it.
    func document(_ problem: Problem) -> [UInt8]
}

extension Dialect {
    /// The whole answer to a request that is refused.
    func response(to problem: Problem, requestID: String) -> HTTPResponse {
        var headers = problem.headers
        headers.set("Content-Type", "application/json")
        headers.set("Cache-Control", "no-store")
        return HTTPResponse(status: problem.status, headers: headers, body: document(problem)).endingLine()
    }
}

/// A path of a dialect.
protocol DialectTask: TaskRoute {
    /// In whose shape it is answered.
    var dialect: any Dialect { get }
    /// Puts what a body says into parts and options. Runs where bodies are parsed, and decodes the files in it.
    func read(_ body: JSONObject, into inputs: inout RequestInputs, _ limits: BodyLimits) throws(Problem)
}

extension DialectTask {
    func bodyReader(
        for head: HTTPRequestHead, _ inputs: RequestInputs, _ limits: BodyLimits
    ) throws(Problem) -> any BodyReader {
        let type = head.headers["Content-Type"].flatMap { MediaType($0) }
        guard type?.name == "application/json" else {
            throw Problem(
                .unsupportedMediaType, "The body of this path is JSON; send it as Content-Type: application/json.",
                headers: HTTPHeaders([("Accept", "application/json")]))
        }
        return jsonReader(inputs, limits)
    }

    /// What reads JSON, whatever it is called.
    func jsonReader(_ inputs: RequestInputs, _ limits: BodyLimits) -> any BodyReader {
        DialectBodyReader(limits: limits) { body throws(Problem) in
            var inputs = inputs
            try read(body, into: &inputs, limits)
            return inputs
        }
    }

    func effort(_ inputs: RequestInputs) -> String {
        // Lists of about the same length are about as much work.
        inputs.elements.isEmpty ? "" : "list of \(Int.bitWidth - inputs.elements.count.leadingZeroBitCount)"
    }
}

/// A JSON body of a dialect, gathered and read when it is there.
struct DialectBodyReader: BodyReader {
    private let limits: BodyLimits
    private let read: @Sendable (JSONObject) throws(Problem) -> RequestInputs
    private var bytes = GatheredBytes()

    init(limits: BodyLimits, read: @escaping @Sendable (JSONObject) throws(Problem) -> RequestInputs) {
        self.limits = limits
        self.read = read
    }

    /// The text, the strings that the parser copies out of it, and the files that those become.
    var keptBytes: Int { 3 * bytes.capacity }

    mutating func receive(_ more: UnsafeRawBufferPointer) { bytes.append(more) }

    /// Most bytes that are parsed on an event loop.
    private static let short = 64 << 10

    mutating func finish() throws(Problem) -> ReceivedBody {
        let (text, limits, read) = (bytes.takeJoined(), limits, read)
        guard text.count > Self.short else { return .inputs(try read(try Self.members(text, limits))) }
        return .unparsed { try read(try Self.members(text, limits)) }
    }

    private static func members(_ text: [UInt8], _ limits: BodyLimits) throws(Problem) -> JSONObject {
        let value: JSONValue
        do throws(JSONError) {
            // Tools, which are refused by their name, have schemas within.
            value = try JSONValue(
                parsing: text, limits: JSONLimits(bytes: limits.body, depth: 64, values: 100_000))
        } catch {
            throw Problem(.malformedJSON, error.description)
        }
        guard case .object(let members) = value else {
            throw Problem(.malformedJSON, "The body is \(value.summary); it must be a JSON object.")
        }
        return members
    }
}

extension TaskRoute {
    /// The answers to the elements of a list, in their order: as JSON, each as if it had been asked alone. So many are with the engine
    /// at a time that batches are full, and that the queue has room for others.
    func answers(_ elements: [RequestInputs], _ request: Request, _ engine: any Engine) async throws -> [[UInt8]] {
        try await withThrowingTaskGroup(of: (place: Int, answer: [UInt8]).self) { group in
            var answers = [[UInt8]](repeating: [], count: elements.count)
            for (place, element) in elements.enumerated() {
                if place >= mostAtOnce, let next = try await group.next() { answers[next.place] = next.answer }
                group.addTask {
                    do {
                        guard case .whole(let response) = try await answer(request, element, engine) else {
                            throw Problem.internalError
                        }
                        return (place, response.body)
                    } catch let problem as Problem where elements.count > 1 {
                        var problem = problem
                        problem.detail = "Of element \(place) of the list: \(problem.detail)"
                        throw problem
                    }
                }
            }
            for try await next in group { answers[next.place] = next.answer }
            return answers
        }
    }
}

/// Elements of a list that are with the engine at a time: two of the usual batches.
private let mostAtOnce = 32
