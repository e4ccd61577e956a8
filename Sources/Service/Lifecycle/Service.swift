import Decoders
import Dispatch
import HTTP
import Logging
import Media
import Retrieval
import Scheduler
import Tasks

/// The whole service: HTTP in front, models behind.
///
///     let service = try Service(configuration, decoder: …)
///     let addresses = try service.start()      // live: probes are answered
///     try service.load()                       // ready: every model has computed something
///     …
///     service.leave()                          // on SIGTERM: not ready, but still serving
///     let finished = service.drain()           // when those who send requests have noticed
public final class Service: Sendable {
    /// The version of program and API.
    public static let version = "0.1.0"

    private let configuration: ServiceConfiguration
    private let registry: Registry
    let state: ServingState
    /// The engine's own thread, and those that compute with it.
    private let scheduler: Scheduler<ModelWorker>
    private let compute: Compute
    let metrics = Metrics()
    let memory: MemoryBudget
    private let keys: APIKeys?
    let decoders: DecoderPool
    private let decoding: DecoderWatch
    private let collections: CollectionStore?
    private let executor = RequestExecutor()
    let handler: ServiceHandler
    private let server: HTTPServer
    private let logger: Logger

    /// Puts the parts together; nothing listens yet.
    ///
    /// - Parameters:
    ///   - decoder: decodes uploads: in processes of their own, unless nobody sends any that are not trusted.
    ///   - accessLog: takes a line for each request; nil for none.
    ///   - logger: takes what happens besides requests.
    /// - Throws: `APIKeysError`, `HTTPServerError`, or `RetrievalError` where the data folder cannot be had.
    public init(
        _ configuration: ServiceConfiguration, decoder: any MediaDecoder, accessLog: LogSink?, logger: Logger
    ) throws {
        self.configuration = configuration
        self.logger = logger
        let threads = max(1, configuration.threads)
        let compute = Compute(threads: threads)
        self.compute = compute
        let scheduler = Scheduler(
            SchedulerConfiguration(
                tasks: [], maxBatch: configuration.maxBatch, maxQueue: configuration.maxQueue,
                batchWindow: .seconds(configuration.batchWindow), processors: threads),
            observer: metrics, makeWorker: { ModelWorker() })
        self.scheduler = scheduler
        registry = Registry { [metrics, executor] source in
            try Self.engine(source, compute, scheduler, metrics, executor)
        }
        state = ServingState(registry)
        keys = try configuration.apiKeys.map { path throws(APIKeysError) in try APIKeys(path: path) }
        decoders = DecoderPool(slots: configuration.decoders, bound: configuration.maxQueue)
        decoding = DecoderWatch(decoder, logger: logger)
        memory = MemoryBudget(limit: configuration.memory)
        collections = try configuration.dataFolder.map { path throws(RetrievalError) in
            try CollectionStore(folder: path, threads: max(1, configuration.threads))
        }
        let proxies = TrustedProxies(networks: configuration.trustedProxies)
        if let notice = collections?.notice { logger.notice("\(notice)") }
        handler = ServiceHandler(
            router: Router(
                Self.routes(
                    configuration, state, { [scheduler] in scheduler.loads }, decoders, decoding, memory, metrics,
                    collections)),
            keys: keys, proxies: proxies,
            admission: Admission(
                state: state, wrongKeys: keys.map { _ in RateLimiter(Admission.wrongKeyLimit) },
                rateLimiter: configuration.rateLimit.map { RateLimiter($0) },
                metricsAreOpen: configuration.openMetrics),
            crossOrigin: CrossOrigin(origins: configuration.corsOrigins),
            intake: BodyIntake(limits: BodyLimits(configuration), memory: memory), state: state,
            workload: Workload(target: .seconds(configuration.targetWait)), decoders: decoders,
            executor: executor,
            journal: Journal(metrics: metrics, accessLog: accessLog, logger: logger),
            deadline: .seconds(configuration.requestDeadline))
        var http = configuration.http
        http.maxBody = configuration.maxBody
        http.isTrustedProxy = { proxies.trusts($0) }
        let server = try HTTPServer(http, handler: handler)
        self.server = server
        metrics.collectConnections { server.connectionCount }
        if let collections { metrics.collectCollections { collections.collections } }
    }

    /// What waits for the engine, and what it computes.
    var loads: [TaskLoad] { scheduler.loads }

    /// Every route of the service.
    static func routes(
        _ configuration: ServiceConfiguration, _ state: ServingState, _ loads: @escaping @Sendable () -> [TaskLoad],
        _ decoders: DecoderPool, _ decoder: DecoderWatch, _ memory: MemoryBudget, _ metrics: Metrics,
        _ collections: CollectionStore?
    ) -> [Route] {
        let images = ImageIntake(
            decoder: decoder,
            limits: ImageLimits(
                maxBytes: configuration.maxPart, maxPixels: configuration.maxPixels,
                maxMemory: memory.most),
            memory: memory, metrics: metrics)
        let sounds = AudioIntake(
            decoder: decoder,
            limits: AudioLimits(
                maxBytes: configuration.maxPart, maxSeconds: configuration.maxAudioSeconds,
                maxMemory: memory.most),
            memory: memory, metrics: metrics)
        let media = MediaIntake(decoders: decoders, images: images, sounds: sounds, metrics: metrics)
        let certainty = Certainty(usual: configuration.minConfidence)
        let pings = PingClock(interval: 10)
        let dialects = DialectRoutes(
            media: media,
            conversations: ConversationRoutes(
                chat: ChatRoute(media: media, pings: pings),
                vqa: VQARoute(media: media, certainty: certainty, pings: pings),
                caption: CaptionRoute(media: media, certainty: certainty, pings: pings)),
            embed: EmbedRoute(media: media), transcribe: TranscribeRoute(media: media, pings: pings),
            classify: ClassifyRoute(media: media, certainty: certainty), rerank: RerankRoute(media: media),
            state: state, limits: BodyLimits(configuration))
        let tasks: [Route] = [
            .post("/v1/transcribe", dialects.transcribe),
            .post("/v1/caption", dialects.conversations.caption),
            .post("/v1/vqa", dialects.conversations.vqa),
            .post("/v1/chat", dialects.conversations.chat),
            .post("/v1/read", ReadRoute(media: media)),
            .post("/v1/emotion", EmotionRoute(media: media, certainty: certainty, state: state)),
            .post("/v1/classify/zero-shot", ZeroShotRoute(media: media)),
            .post("/v1/classify/{head}", dialects.classify),
            .post("/v1/embed", dialects.embed),
            .post("/v1/rerank", dialects.rerank),
            .post(
                "/v1/retrieve",
                RetrieveRoute(store: collections, vectors: VectorIntake(media: media), metrics: metrics)),
        ]
        return tasks + CollectionRoutes(store: collections, media: media).routes
            + ModelRoutes(
                state: state, limits: BodyLimits(configuration), maxPixels: configuration.maxPixels,
                maxAudioSeconds: configuration.maxAudioSeconds
            ).routes
            + HealthRoutes(state: state, loads: loads, decoding: decoder, maxQueue: configuration.maxQueue).routes
            + [MetricsRoute(metrics: metrics).route, ContractRoute.route] + dialects.routes
    }

    /// Listens. Probes are answered from now on; tasks are refused until `load` returned.
    /// - Returns: the addresses bound, such as `127.0.0.1:8080`.
    public func start() throws(HTTPServerError) -> [String] { try server.start() }

    /// Loads the models, has each compute something, and takes requests from then on. Blocks; throws `ModelFailure`, or
    /// `RetrievalError` where the collections cannot be read.
    /// - Parameter warmsUp: false leaves that computation out, for a program that asks one thing and ends.
    public func load(warmsUp: Bool = true) throws {
        let start = ContinuousClock.now
        try begin()
        for source in configuration.servedModels {
            do {
                let engine = try Self.engine(source, compute, scheduler, metrics, warmsUp ? executor : nil)
                guard registry.add(engine, from: source) else {
                    throw NameTaken(name: engine.card.name, folder: source.folder)
                }
            } catch {
                throw ModelFailure(source: source, cause: error)
            }
        }
        metrics.modelLoad().set(start.duration(to: .now).inSeconds)
        if state.becomeReady() { watchIdleModels() }
    }

    /// Serves models that are loaded already.
    func serve(_ models: any Model...) throws { try serve(models) }

    /// The same of a list of them.
    func serve(_ models: [any Model]) throws {
        try begin()
        for model in models {
            let engine = try Self.engine(model, model.card.name, scheduler, metrics, executor)
            guard registry.add(engine, from: nil) else { throw NameTaken(name: model.card.name, folder: "memory") }
        }
        state.becomeReady()
    }

    /// What models need to be asked.
    private func begin() throws {
        decoding.begin()
        try collections?.load()
        metrics.engineThreads().set(Double(max(1, configuration.threads)))
        metrics.collectQueues { [scheduler] in scheduler.loads }
    }

    /// A model of a folder, ready to answer.
    /// - Parameter executor: where it computes something first; nil leaves that out.
    private static func engine(
        _ source: ModelSource, _ compute: Compute, _ scheduler: Scheduler<ModelWorker>, _ metrics: Metrics,
        _ executor: RequestExecutor?
    ) throws -> any Engine {
        let model = try Families.load(source.folder, compute: compute)
        return try engine(model, source.name ?? model.card.name, scheduler, metrics, executor)
    }

    private static func engine(
        _ model: any Model, _ name: String, _ scheduler: Scheduler<ModelWorker>, _ metrics: Metrics,
        _ executor: RequestExecutor?
    ) throws -> any Engine {
        let engine = ScheduledEngine(model, name: name, scheduler: scheduler)
        if let executor { try WarmUp.run(engine, on: executor) }
        metrics.modelInfo(engine.card.name, engine.card.digest, engine.card.precision).set(1)
        return engine
    }

    /// Looks for models to unload, as long as the service is there.
    private func watchIdleModels() {
        let idle = configuration.idleUnload
        guard idle > 0 else { return }
        let timer = DispatchSource.makeTimerSource()
        timer.schedule(deadline: .now() + idle, repeating: max(0.1, idle / 8))
        timer.setEventHandler { [weak self] in
            guard let self else { return timer.cancel() }
            let loads = scheduler.loads
            let names = registry.unload(idleFor: .seconds(idle)) { card in
                loads.contains { $0.task.model == card.name && $0.waiting + $0.running > 0 }
            }
            for name in names { logger.info("Unloaded \(name), which was asked nothing for \(idle) s.") }
        }
        timer.activate()
    }

    /// Reads the API keys again. Those in use stay where the file cannot be read. Blocks where files do.
    public func rereadKeys() {
        guard let keys else { return logger.info("There are no API keys to read again: --api-keys was not given.") }
        do throws(APIKeysError) {
            try keys.reload()
            logger.info("Read the API keys again.", metadata: ["keys": "\(keys.count)"])
        } catch {
            logger.error("Kept the old API keys: \(error).")
        }
    }

    /// Reads the certificate and its key again. Those in use stay where the files cannot be used. Blocks where files do.
    /// - Parameter onlyIfChanged: for looking often: does nothing where the files are what they were.
    public func rereadCertificate(onlyIfChanged: Bool = false) {
        do throws(HTTPServerError) {
            if try server.renewCertificate(onlyIfChanged: onlyIfChanged) { logger.info("Read the certificate again.") }
        } catch {
            logger.error("Kept the old certificate. \(error)")
        }
    }

    /// Tells whoever asks that the server is about to stop: it is not ready any more, and each answer closes its connection.
    /// Everything is still served, so that nothing fails while proxies notice. False if it was not ready to begin with: then
    /// there is nobody to wait for.
    public func leave() -> Bool {
        guard state.beginLeaving() else { return false }
        server.closeAfterAnswers()
        return true
    }

    /// Refuses new work, finishes what runs, closes everything. Blocks for at most the drain time; false if something was
    /// cut off.
    public func drain() -> Bool {
        let end = ContinuousClock.now + .seconds(configuration.drainSeconds)
        let left = { max(0, ContinuousClock.now.duration(to: end).inSeconds) }
        // Still accepting: who comes now is told so, instead of finding the port closed.
        state.beginDraining()
        let finished = handler.waitForRequests(within: left())
        let isClosed = server.drain(within: left())
        let isEmpty = scheduler.drain(within: .seconds(left()))
        decoders.stop()
        decoding.stop()
        collections?.close()
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
