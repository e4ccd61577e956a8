import HTTP

/// The paths of tasks that no checkpoint can do yet. They answer 422 and say what can be done instead, so that a client can
/// tell a missing task from a misspelt path.
struct UnavailableTasks: Sendable {
    let state: ServingState

    private static let paths: [(method: String, template: String, task: String)] = [
        ("POST", "/v1/retrieve", "retrieve"),
        ("GET", "/v1/collections", "collections"),
        ("GET", "/v1/collections/{collection}", "collections"),
        ("DELETE", "/v1/collections/{collection}", "collections"),
        ("GET", "/v1/collections/{collection}/items", "collections"),
        ("GET", "/v1/collections/{collection}/items/{item}", "collections"),
        ("PUT", "/v1/collections/{collection}/items/{item}", "collections"),
        ("DELETE", "/v1/collections/{collection}/items/{item}", "collections"),
    ]

    var routes: [Route] {
        Self.paths.map { method, template, task in
            Route(
                method: method, template: template, access: .keyed, produces: ["application/json"],
                endpoint: .direct { _ throws(Problem) in throw .taskNotAvailable(task, state.loadedEngine?.card) })
        }
    }
}
