import HTTP
import Testing

@testable import Service

@Suite struct `Routing` {
    let router = Router([
        .get("/things") { _ in HTTPResponse(status: 200) },
        Route(
            method: "POST", template: "/things", access: .keyed, produces: [],
            endpoint: .direct { _ in HTTPResponse(status: 201) }),
        .get("/things/{thing}") { _ in HTTPResponse(status: 200) },
        .get("/things/{thing}/parts/{part}") { _ in HTTPResponse(status: 200) },
    ])

    private func match(_ method: String, _ path: String) -> String {
        switch router.match(Harness.head(method, path, [], bodyBytes: 0)) {
        case .route(let route, let parameters):
            "\(route.method) \(route.template) \(parameters.sorted { $0.key < $1.key }.map { "\($0)=\($1)" })"
        case .options(let allow): "options \(allow)"
        case .methodNotAllowed(let allow): "not allowed \(allow)"
        case .unknownPath: "unknown"
        }
    }

    @Test(arguments: [
        ("GET", "/things", "GET /things []"),
        ("POST", "/things", "POST /things []"),
        ("HEAD", "/things", "GET /things []"),
        ("GET", "/%74hings", "GET /things []"),
        ("GET", "/things/a%20b", #"GET /things/{thing} ["thing=a b"]"#),
        ("GET", "/things/a/parts/2", #"GET /things/{thing}/parts/{part} ["part=2", "thing=a"]"#),
        ("GET", "/things%2Fa", "unknown"),
        ("GET", "/things/a/parts", "unknown"),
        ("GET", "/nothing", "unknown"),
        ("DELETE", "/things", #"not allowed ["GET", "HEAD", "POST", "OPTIONS"]"#),
        ("POST", "/things/a", #"not allowed ["GET", "HEAD", "OPTIONS"]"#),
        ("OPTIONS", "/things/a", #"options ["GET", "HEAD", "OPTIONS"]"#),
        ("OPTIONS", "*", #"options ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]"#),
    ])
    func `a method and path lead to one route, its names filled in`(
        _ method: String, _ path: String, _ expected: String
    ) {
        #expect(match(method, path) == expected)
    }
}
