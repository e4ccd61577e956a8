/// The stable names of everything that can go wrong with a request, each with its status and title.
///
/// This is the one table from code to status; `openapi.yaml` lists the same codes. Clients may rely on codes and statuses,
/// never on the wording of a detail.
public enum ProblemCode: String, Sendable, CaseIterable {
    case malformedRequest = "malformed_request"
    case malformedMultipart = "malformed_multipart"
    case malformedJSON = "malformed_json"
    case malformedQuery = "malformed_query"
    case unauthorized = "unauthorized"
    case unknownPath = "unknown_path"
    case unknownCollection = "unknown_collection"
    case unknownItem = "unknown_item"
    case unknownModel = "unknown_model"
    case unknownHead = "unknown_head"
    case methodNotAllowed = "method_not_allowed"
    case notAcceptable = "not_acceptable"
    case requestTimeout = "request_timeout"
    case otherModel = "other_model"
    case bodyTooLarge = "body_too_large"
    case targetTooLong = "target_too_long"
    case unsupportedMediaType = "unsupported_media_type"
    case expectationFailed = "expectation_failed"
    case headersTooLarge = "headers_too_large"
    case missingPart = "missing_part"
    case unexpectedPart = "unexpected_part"
    case invalidOption = "invalid_option"
    case undecodableImage = "undecodable_image"
    case undecodableAudio = "undecodable_audio"
    case imageTooLarge = "image_too_large"
    case audioTooLong = "audio_too_long"
    case audioTooShort = "audio_too_short"
    case invalidText = "invalid_text"
    case invalidFeatures = "invalid_features"
    case taskNotAvailable = "task_not_available"
    case noFace = "no_face"
    case rateLimited = "rate_limited"
    case internalError = "internal_error"
    case storageDamaged = "storage_damaged"
    case methodNotImplemented = "method_not_implemented"
    case transferCodingNotImplemented = "transfer_coding_not_implemented"
    case queueFull = "queue_full"
    case overloaded = "overloaded"
    case draining = "draining"
    case notReady = "not_ready"
    case decoderUnavailable = "decoder_unavailable"
    case modelUnusable = "model_unusable"
    case deadlineExceeded = "deadline_exceeded"
    case httpVersionNotSupported = "http_version_not_supported"
    case storageFull = "storage_full"

    /// The status answered with the code.
    public var status: Int { row.status }

    /// The code in words, the same for every occurrence (RFC 9457 section 3.1.3).
    public var title: String { row.title }

    private var row: (status: Int, title: String) {
        switch self {
        case .malformedRequest: (400, "The request is not well-formed HTTP")
        case .malformedMultipart: (400, "The form is not well-formed multipart/form-data")
        case .malformedJSON: (400, "The body is not acceptable JSON")
        case .malformedQuery: (400, "The query string is not well-formed")
        case .unauthorized: (401, "An API key is needed")
        case .unknownPath: (404, "Nothing is at this path")
        case .unknownCollection: (404, "No collection of this name")
        case .unknownItem: (404, "No item of this id")
        case .unknownModel: (404, "No model of this name")
        case .unknownHead: (404, "No head of this name")
        case .methodNotAllowed: (405, "The path does not take this method")
        case .notAcceptable: (406, "No form of the answer is acceptable to the client")
        case .requestTimeout: (408, "The request came too slowly")
        case .otherModel: (409, "The collection was made by another model")
        case .bodyTooLarge: (413, "The body or a part of it is too large")
        case .targetTooLong: (414, "The request target is too long")
        case .unsupportedMediaType: (415, "This kind of content is not read")
        case .expectationFailed: (417, "The expectation cannot be met")
        case .headersTooLarge: (431, "The header fields are too large or too many")
        case .missingPart: (422, "A needed part is missing")
        case .unexpectedPart: (422, "A part is not expected here")
        case .invalidOption: (422, "An option is unknown or its value is not valid")
        case .undecodableImage: (422, "The image cannot be decoded")
        case .undecodableAudio: (422, "The audio cannot be decoded")
        case .imageTooLarge: (422, "The image has too many pixels")
        case .audioTooLong: (422, "The audio is too long")
        case .audioTooShort: (422, "The audio is too short")
        case .invalidText: (422, "The text is not valid")
        case .invalidFeatures: (422, "The features are not valid")
        case .taskNotAvailable: (422, "The model cannot do this task")
        case .noFace: (422, "No face was found")
        case .rateLimited: (429, "Too many requests")
        case .internalError: (500, "The server failed")
        case .storageDamaged: (500, "What was stored is damaged")
        case .methodNotImplemented: (501, "The method is not known")
        case .transferCodingNotImplemented: (501, "The transfer coding is not known")
        case .queueFull: (503, "The server has too much to do")
        case .overloaded: (503, "The answer would come too late")
        case .draining: (503, "The server is shutting down")
        case .notReady: (503, "The server is not ready")
        case .decoderUnavailable: (503, "The server cannot decode now")
        case .modelUnusable: (503, "The model's folder cannot be loaded")
        case .deadlineExceeded: (503, "The answer could not be computed in time")
        case .httpVersionNotSupported: (505, "The HTTP version is not supported")
        case .storageFull: (507, "There is no room to store this")
        }
    }
}
