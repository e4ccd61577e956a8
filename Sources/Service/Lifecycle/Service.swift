import HTTP
import Logging
import Media
import Scheduler
import Tasks

/// The whole service: HTTP in front, a model behind.
///
///     let service = try Service(configuration)
///     let addresses = try service.start()      // live: probes are answered
///     try service.load()                       // ready: a warm-up caption was computed
///     …
///     let finished = service.drain()           // on SIGTERM
public final class Service: Sendable {
    private let configuration: ServiceConfiguration
    private let state = ServingState()
    private let decoders: DecoderPool
    private let handler: ServiceHandler
    private let server: HTTPServer
    private let logger: Logger

    /// Puts the parts together; nothing listens yet.
    public init(_ configuration: ServiceConfiguration, logger: Logger) throws {
        self.configuration = configuration
        self.logger = logger
        decoders = DecoderPool(threads: configuration.decoders, bound: configuration.maxQueue)
        let limits = BodyLimits(configuration)
        handler = ServiceHandler(
            Router(Self.routes(configuration, state, decoders)),
            Admission(state: state, origins: configuration.corsOrigins), state, decoders, limits,
            deadline: .seconds(configuration.requestDeadline)
        ) { requestID, error in
            logger.error("A request failed.", metadata: ["request_id": "\(requestID)", "cause": "\(error)"])
        }
        var http = configuration.http
        http.maxBody = configuration.maxBody
        server = try HTTPServer(http, handler: handler)
    }

    /// Every route of the service.
    static func routes(
        _ configuration: ServiceConfiguration, _ state: ServingState, _ decoders: DecoderPool
    ) -> [Route] {
        let images = ImageIntake(
            decoders: decoders,
            limits: ImageLimits(
                maxBytes: configuration.maxPart, maxPixels: configuration.maxPixels,
                maxMemory: configuration.maxMemory))
        let tasks: [Route] = [
            .post("/v1/caption", CaptionRoute(state: state, images: images, pings: PingClock(interval: 10))),
            .post("/v1/embed", EmbedRoute(state: state, images: images)),
        ]
        return tasks + UnavailableTasks(state: state).routes
            + ModelRoutes(state: state, limits: BodyLimits(configuration), maxPixels: configuration.maxPixels).routes
            + HealthRoutes(state: state, maxQueue: configuration.maxQueue).routes
            + [ContractRoute.route]
    }

    /// Listens. Probes are answered from now on; tasks are refused until `load` returned.
    /// - Returns: the addresses bound, such as `127.0.0.1:8080`.
    public func start() throws(HTTPServerError) -> [String] { try server.start() }

    /// Loads the model, computes a warm-up caption, and takes requests from then on. Blocks; throws what is wrong with the
    /// checkpoint.
    public func load() throws {
        try serve(try LoadedModel.load(configuration.model, threads: max(1, configuration.threads)))
    }

    /// Serves a model that is loaded already.
    func serve(_ model: some ServedModel) throws {
        let engine = ScheduledEngine(
            model, maxBatch: configuration.maxBatch, maxQueue: configuration.maxQueue,
            batchWindow: .seconds(configuration.batchWindow), observer: nil)
        try WarmUp.run(engine)
        if !state.becomeReady(engine) { _ = engine.drain(within: .zero) }
    }

    /// Refuses new work, finishes what runs, closes everything. Blocks for at most the drain time; false if something was
    /// cut off.
    public func drain() -> Bool {
        let end = ContinuousClock.now + .seconds(configuration.drainSeconds)
        let left = { max(0, ContinuousClock.now.duration(to: end).seconds) }
        // Still accepting: who comes now is told so, instead of finding the port closed.
        let engine = state.beginDraining()
        let finished = handler.waitForTasks(within: left())
        let isClosed = server.drain(within: left())
        let isEmpty = engine?.drain(within: .seconds(left())) ?? true
        decoders.stop()
        return finished && isClosed && isEmpty
    }
}

extension BodyLimits {
    init(_ configuration: ServiceConfiguration) {
        self.init(
            body: configuration.maxBody, part: configuration.maxPart, parts: configuration.maxParts,
            text: configuration.maxText)
    }
}
