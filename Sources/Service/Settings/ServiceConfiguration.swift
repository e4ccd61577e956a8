import Decoders
import HTTP

/// Everything an operator can set, with its default. Flags, variables, `--help` and the README's table come from
/// `Setting.table`, which points into this structure.
public struct ServiceConfiguration: Sendable {
    /// How requests are logged.
    public enum AccessLog: String, Sendable, CaseIterable {
        case text
        case json
        case off
    }

    /// The models that were named; see ``servedModels``.
    public var models: [ModelSource] = []
    /// Where the model is in the source that is served unless others are named, or one is installed.
    public static let usualModel = "models/sensorium-base"
    /// The model that is served where none is named, in the words of help.
    public static let usualModelText = "the one that is installed, else models/sensorium-base"
    /// The models to serve, in the order in which they are asked.
    public var servedModels: [ModelSource] { models.isEmpty ? [ModelSource(folder: Self.usualModel)] : models }
    /// Seconds without a request after which a model is unloaded until the next; 0 keeps them.
    public var idleUnload = 0.0
    /// Addresses, limits and times of the HTTP server.
    public var http = HTTPServerConfiguration()
    /// The folder of the collections, or `off` for a server that keeps none.
    public var data = "./data"
    /// The folder of the collections; nil where they are off.
    public var dataFolder: String? { data == "off" ? nil : data }
    /// Compute threads; 0 takes as many as the process may use.
    public var threads = 0
    /// Uploads that are decoded at once, each in a process of its own.
    public var decoders = 2

    /// Bytes of a body.
    public var maxBody = 32 << 20
    /// Bytes of one part.
    public var maxPart = 32 << 20
    /// Parts of one form.
    public var maxParts = 64
    /// Bytes of one text.
    public var maxText = 64 << 10
    /// Pixels of one image, before it is decoded.
    public var maxPixels = 1 << 26
    /// Seconds of one sound.
    public var maxAudioSeconds = 600.0
    /// Bytes of uploads and decoded media in flight, over all requests; 0 takes what there is, at most `usualMemory`.
    public var maxMemory = 0

    /// Requests that wait per kind of work.
    public var maxQueue = 256
    /// Requests computed together.
    public var maxBatch = 16
    /// Seconds that a request may wait for company while others are computed.
    public var batchWindow = 0.0
    /// Seconds that decoding one image or sound may take.
    public var decodeSeconds = 10.0
    /// How sure an answer has to be to be given, where the request does not say, 0 to 1.
    public var minConfidence = 0.0
    /// Seconds within which requests are to be answered that take no longer by themselves.
    public var targetWait = 1.0
    /// Seconds from the end of a request's head to its answer.
    public var requestDeadline = 60.0
    /// Seconds in which everything is still served after SIGTERM, as not ready.
    public var lameDuckSeconds = 5.0
    /// Seconds that running requests get to finish when the server is told to stop.
    public var drainSeconds = 30.0

    /// File of API keys.
    public var apiKeys: String?
    /// Whether `/metrics` needs no API key.
    public var openMetrics = false
    /// How often each API key or address may ask; nil for no limit.
    public var rateLimit: RateLimit?
    /// Proxies that may say for whom they ask.
    public var trustedProxies: [IPNetwork] = []
    /// Origins whose pages may read answers.
    public var corsOrigins: [String] = []
    /// How requests are logged.
    public var accessLog = AccessLog.text
    /// Whether decoders may work that are not confined.
    public var sandbox = Sandbox.require

    /// Every setting at its default.
    public init() {}
}
