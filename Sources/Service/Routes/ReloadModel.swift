import HTTP
import JSON
import Tasks

/// `POST /v1/models/{model}/reload`: the model anew from its folder. Requests that run keep the one that they began with; where the
/// folder cannot be loaded, the answer says why, and nothing changes.
struct ReloadModel: TaskRoute {
    let rules = InputRules(parts: [], options: [])
    let produces = ["application/json"]
    let state: ServingState
    /// Writes what `/v1/models` says of a model.
    let write: @Sendable (ModelCard, inout JSONWriter) -> Void

    func answer(_ request: Request, _ inputs: RequestInputs, _ engine: any Engine) async throws -> Reply {
        let card = try await state.registry().reload(request.parameters["model"] ?? "")
        return .whole(.written { write(card, &$0) })
    }
}
