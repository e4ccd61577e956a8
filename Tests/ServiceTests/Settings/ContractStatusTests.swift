import Foundation
import Testing
import Yams

@testable import Service

/// Which answers the contract has for each route: those that the table of problems can give it, by name, and no others.
@Suite struct `Statuses of the contract` {
    let document: [String: Any]
    let routes: [Route]

    init() throws {
        let text = try String(contentsOf: Contract.url, encoding: .utf8)
        document = try #require(try Yams.load(yaml: text) as? [String: Any])
        routes = try Harness(isReady: false).service.handler.router.routes
    }

    /// The value along a path of keys.
    private func value(_ path: [String]) -> [String: Any]? {
        path.reduce(document as Any?) { ($0 as? [String: Any])?[$1] } as? [String: Any]
    }

    private func responses(_ route: Route) throws -> [String: [String: Any]] {
        let operation = try #require(value(["paths", route.template, route.method.lowercased()]), "\(route.template)")
        return try #require(operation["responses"] as? [String: [String: Any]])
    }

    /// A response where it is written down, be that in place or among the components.
    private func resolved(_ response: [String: Any]) throws -> [String: Any] {
        guard let reference = response["$ref"] as? String else { return response }
        return try #require(value(reference.dropFirst(2).split(separator: "/").map(String.init)), "\(reference)")
    }

    @Test func `every route lists each status that a problem can give it, and no other`() throws {
        for route in routes {
            let documented = try responses(route).keys.filter { !$0.hasPrefix("2") }
            var possible = Set(
                ProblemCode.allCases.filter { $0.canAnswer(route) }.flatMap(\.statuses).map(String.init))
            // Probes say with 503 that they do not find all well, and that is no problem.
            if ["/health/ready", "/health/startup"].contains(route.template) { possible.insert("503") }
            #expect(documented.sorted() == possible.sorted(), "\(route.method) \(route.template)")
        }
    }

    @Test func `the problems of a status are those of the table, with the header fields that go with it`() throws {
        let components = try #require(value(["components", "responses"]) as? [String: [String: Any]])
        var documented: [Int: [String]] = [:]
        for (name, response) in components where !Self.isOfDialect(name) {
            let content = try #require(response["content"] as? [String: [String: Any]])
            #expect(Array(content.keys) == ["application/problem+json"], "\(name)")
            let schema = content["application/problem+json"]?["schema"] as? [String: Any]
            let properties = try #require(schema?["properties"] as? [String: [String: Any]], "\(name)")
            let status = try #require(properties["status"]?["const"] as? Int, "\(name)")
            documented[status] = try #require(properties["code"]?["enum"] as? [String], "\(name)")
            let headers = Set((response["headers"] as? [String: Any] ?? [:]).keys)
            #expect(headers == Self.headers(of: status), "\(name)")
        }
        var table: [Int: [String]] = [:]
        for code in ProblemCode.allCases {
            for status in code.statuses { table[status, default: []].append(code.rawValue) }
        }
        #expect(documented == table)
    }

    private static func isOfDialect(_ name: some StringProtocol) -> Bool {
        ["OpenAI", "TEI", "Ollama"].contains(where: name.hasPrefix)
    }

    @Test func `a dialect refuses in its own shape, with the header fields that go with the status`() throws {
        for route in routes {
            guard let dialect = route.dialect else { continue }
            for (status, response) in try responses(route) {
                guard let name = (response["$ref"] as? String)?.split(separator: "/").last else { continue }
                guard Self.isOfDialect(name) else {
                    // What is refused before the path is known, and methods.
                    #expect(["405", "414", "417", "431", "501", "505"].contains(status), "\(route.template) \(status)")
                    continue
                }
                #expect(name.hasPrefix("\(type(of: dialect))"), "\(route.template) \(status)")
                let resolved = try resolved(response)
                let headers = Set((resolved["headers"] as? [String: Any] ?? [:]).keys)
                #expect(headers == Self.headers(of: Int(status) ?? 0), "\(route.template) \(status)")
                let types = Set((resolved["content"] as? [String: Any] ?? [:]).keys)
                let isMixed = ["400", "408"].contains(status)
                #expect(types == (isMixed ? ["application/json", "application/problem+json"] : ["application/json"]))
            }
        }
    }

    private static func headers(of status: Int) -> Set<String> {
        switch status {
        case 401: ["X-Request-Id", "WWW-Authenticate"]
        case 405: ["X-Request-Id", "Allow"]
        case 429, 503: ["X-Request-Id", "Retry-After"]
        default: ["X-Request-Id"]
        }
    }

    @Test func `a status leads to the response that is about it`() throws {
        for route in routes {
            for (status, response) in try responses(route) {
                guard let name = (response["$ref"] as? String)?.split(separator: "/").last, !Self.isOfDialect(name)
                else { continue }
                let content = try resolved(response)["content"] as? [String: [String: Any]]
                let schema = content?["application/problem+json"]?["schema"] as? [String: Any]
                let properties = schema?["properties"] as? [String: [String: Any]]
                #expect(properties?["status"]?["const"] as? Int == Int(status), "\(route.template) \(status)")
            }
        }
    }

    @Test func `every answer carries the request's id, and has the media types that the route produces`() throws {
        for route in routes {
            for (status, response) in try responses(route) {
                let response = try resolved(response)
                let headers = response["headers"] as? [String: Any]
                #expect(headers?["X-Request-Id"] != nil, "\(route.template) \(status)")
                guard status == "200" else { continue }
                let types = (response["content"] as? [String: Any] ?? [:]).keys
                #expect(Set(types) == Set(route.produces), "\(route.template)")
            }
        }
    }
}

extension ProblemCode {
    /// The statuses that it is answered with.
    fileprivate var statuses: [Int] { self == .deadlineExceeded ? [503, 504] : [status] }

    /// Whether a request to the route can be answered with it.
    fileprivate func canAnswer(_ route: Route) -> Bool {
        var takesParts = false
        var isTask = false
        if case .task(let task) = route.endpoint { (isTask, takesParts) = (true, !task.rules.parts.isEmpty) }
        let isOfCollections = route.template.hasPrefix("/v1/collections/")
        let changesCollections = isOfCollections && route.method != "GET"
        switch self {
        case .malformedRequest, .methodNotAllowed, .notAcceptable, .requestTimeout, .targetTooLong,
            .unsupportedMediaType,
            .expectationFailed, .headersTooLarge, .internalError, .storageDamaged, .methodNotImplemented,
            .transferCodingNotImplemented,
            .httpVersionNotSupported:
            return true
        case .unknownPath: return false
        case .unauthorized, .rateLimited: return route.access != .probe
        case .draining: return route.access == .keyed
        case .malformedQuery, .malformedMultipart, .malformedJSON, .bodyTooLarge, .invalidOption, .notReady, .queueFull,
            .modelUnusable:
            return isTask
        case .missingPart, .unexpectedPart, .undecodableImage, .undecodableAudio, .imageTooLarge, .audioTooLong,
            .audioTooShort, .invalidText, .invalidFeatures, .taskNotAvailable, .noFace, .deadlineExceeded, .overloaded,
            .decoderUnavailable:
            return takesParts
        case .unknownModel:
            return isTask || route.template.hasPrefix("/v1/models/{model}") || route.template == "/info"
        case .unknownHead: return route.template == "/v1/classify/{head}"
        case .unknownCollection: return isOfCollections && !takesParts || route.template == "/v1/retrieve"
        case .unknownItem: return route.template.hasSuffix("{item}") && !takesParts
        case .otherModel: return takesParts && isOfCollections || route.template == "/v1/retrieve"
        case .storageFull: return changesCollections
        }
    }
}
