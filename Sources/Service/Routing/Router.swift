import HTTP

/// Finds the route of a request in a table of methods and path templates.
struct Router: Sendable {
    /// What a request leads to.
    enum Match: Sendable {
        /// A route, with what stood at the template's names.
        case route(Route, parameters: [String: String])
        /// `OPTIONS` on a known path, or on `*`.
        case options(allow: [String])
        /// The path is known, the method is not among its own.
        case methodNotAllowed(allow: [String])
        /// Nothing is at the path.
        case unknownPath
    }

    /// The routes of one template.
    private struct Place: Sendable {
        let pattern: [Segment]
        var routes: [Route]

        /// The methods it answers; HEAD wherever GET is.
        var methods: [String] {
            routes.flatMap { $0.method == "GET" ? ["GET", "HEAD"] : [$0.method] } + ["OPTIONS"]
        }
    }

    private enum Segment: Sendable, Equatable {
        case literal(String)
        case parameter(String)
    }

    /// Every route, in the order declared.
    let routes: [Route]
    private var literalPlaces: [String: Place] = [:]
    private var patternPlaces: [Place] = []

    init(_ routes: [Route]) {
        self.routes = routes
        var places: [(template: String, place: Place)] = []
        for route in routes {
            if let index = places.firstIndex(where: { $0.template == route.template }) {
                places[index].place.routes.append(route)
            } else {
                places.append((route.template, Place(pattern: Self.pattern(route.template), routes: [route])))
            }
        }
        for (template, place) in places {
            if template.contains("{") { patternPlaces.append(place) } else { literalPlaces[template] = place }
        }
    }

    private static func pattern(_ template: String) -> [Segment] {
        template.split(separator: "/").map { segment in
            segment.first == "{" ? .parameter(String(segment.dropFirst().dropLast())) : .literal(String(segment))
        }
    }

    /// What the request leads to.
    func match(_ head: HTTPRequestHead) -> Match {
        if head.path == "*" { return .options(allow: ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]) }
        if let place = literalPlaces[head.path] ?? literalPlace(decoded: head.segments) {
            return match(head.method, at: place, [:])
        }
        for place in patternPlaces {
            guard let parameters = Self.parameters(head.segments, place.pattern) else { continue }
            return match(head.method, at: place, parameters)
        }
        return .unknownPath
    }

    /// The place of a path whose letters were escaped without need: `/v1/%63aption`.
    private func literalPlace(decoded segments: [String]) -> Place? {
        segments.contains { $0.contains("/") } ? nil : literalPlaces["/" + segments.joined(separator: "/")]
    }

    private func match(_ method: String, at place: Place, _ parameters: [String: String]) -> Match {
        if let route = place.routes.first(where: { $0.answers(method) }) {
            return .route(route, parameters: parameters)
        }
        return method == "OPTIONS" ? .options(allow: place.methods) : .methodNotAllowed(allow: place.methods)
    }

    private static func parameters(_ segments: [String], _ pattern: [Segment]) -> [String: String]? {
        guard segments.count == pattern.count else { return nil }
        var parameters: [String: String] = [:]
        for (segment, expected) in zip(segments, pattern) {
            switch expected {
            case .literal(let name): if segment != name { return nil }
            case .parameter(let name): parameters[name] = segment
            }
        }
        return parameters
    }
}
