import Glibc
import HTTP
import JSON
import Tasks

/// `GET /v1/models` and `/v1/models/{model}`: what is served, and within which limits. Clients of OpenAI read them, too.
struct ModelRoutes: Sendable {
    let state: ServingState
    let limits: BodyLimits
    /// `--max-pixels`
    let maxPixels: Int
    /// `--max-audio-seconds`
    let maxAudioSeconds: Double
    /// Since when there are models here, in seconds since 1970: for clients that want to know.
    let created = time(nil)

    var routes: [Route] {
        [
            .post("/v1/models/{model}/reload", ReloadModel(state: state) { write($0, to: &$1) }),
            .get("/v1/models") { _ throws(Problem) in
                // Listed once it can answer: a client that sees a model may use it.
                let cards = state.models
                return .written { json in
                    json.field("object", "list")
                    json.field("data") { json in
                        json.array { json in
                            for card in cards {
                                json.object { OpenAI.write(modelNamed: card.name, created: created, to: &$0) }
                            }
                        }
                    }
                    json.field("models") { json in
                        json.array { json in
                            for card in cards { json.object { write(card, to: &$0) } }
                        }
                    }
                }
            },
            .get("/v1/models/{model}") { request throws(Problem) in
                let name = request.parameters["model"] ?? ""
                guard let card = state.models.first(where: { $0.name == name }) else {
                    throw Problem(
                        .unknownModel, "No model of this name is served here; GET /v1/models lists those that are.")
                }
                return .written { write(card, to: &$0) }
            },
        ]
    }

    private func write(_ card: ModelCard, to json: inout JSONWriter) {
        json.field("name", card.name)
        json.field("architecture", card.architecture)
        json.field("tasks", card.tasks)
        json.field("heads") { json in
            json.array { json in
                for head in card.heads { json.object { head.write(to: &$0) } }
            }
        }
        json.field("parameters", card.parameters)
        json.field("digest", card.digest)
        if let former = card.formerDigest { json.field("former_digest", former) }
        json.field("embeddings") { json in
            json.object { json in
                for input in card.embeddable {
                    if let dimensions = card.dimensions(of: input) { json.field(input.part, dimensions) }
                }
            }
        }
        if let space = card.space { json.field("space") { json in json.object { space.write(to: &$0) } } }
        json.field("limits") { json in json.object { write(limitsOf: card, to: &$0) } }
        OpenAI.write(modelNamed: card.name, created: created, to: &json)
    }

    private func write(limitsOf card: ModelCard, to json: inout JSONWriter) {
        json.field("body_bytes", limits.body)
        json.field("part_bytes", limits.part)
        json.field("text_bytes", limits.text)
        json.field("pixels", maxPixels)
        if card.takesSounds {
            let seconds = min(maxAudioSeconds, card.mostSoundSeconds ?? .infinity)
            json.field("audio_seconds", Int(seconds.rounded(.up)))
        }
        if let tokens = card.maxTextTokens { json.field("text_tokens", tokens) }
        if let tokens = card.maxCaptionTokens { json.field("caption_tokens", tokens) }
    }
}

extension ModelCard {
    /// Numbers of the vector that a part is embedded to.
    fileprivate func dimensions(of input: PartSpec) -> Int? {
        space?.dimensions ?? (input.kind == .text ? textDimensions : imageDimensions)
    }
}

extension EmbeddingSpace {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("dimensions", dimensions)
        json.field("views", views.map(\.rawValue))
        json.field("explain", hasConcepts)
    }
}

extension HeadDescription {
    fileprivate func write(to json: inout JSONWriter) {
        json.field("name", name)
        if let task { json.field("task", task) }
        json.field("labels", labels)
        json.field("parts") { json in
            json.array { json in
                for input in inputs {
                    json.object { json in
                        json.field("name", input.part)
                        json.field("kind", input.kind.name)
                        json.field("required", required.contains(input.part))
                        if case .features(let width, let maxTokens) = input.preparation {
                            json.field("width", width)
                            json.field("max_tokens", maxTokens)
                        }
                    }
                }
            }
        }
    }
}

extension PartSpec.Kind {
    /// The kind in a word, as `/v1/models` lists it.
    fileprivate var name: String {
        switch self {
        case .image, .page: "image"
        case .face: "face"
        case .sound: "audio"
        case .text: "text"
        case .features: "features"
        }
    }
}

extension HTTPResponse {
    /// A JSON answer whose fields cannot fail to be written.
    static func written(_ body: (inout JSONWriter) -> Void) -> HTTPResponse {
        var json = JSONWriter()
        json.object { body(&$0) }
        return HTTPResponse(
            status: 200, headers: HTTPHeaders([("Content-Type", "application/json")]), body: json.bytes)
    }
}
