import Retrieval
import Scheduler

/// The metrics of the service (`api.md`, "Metrics"). Names are an interface: to rename one breaks somebody's dashboard.
public final class Metrics: Sendable {
    /// Where they are read.
    public let registry = MetricsRegistry()

    /// `http_requests_total{route,method,status}`
    public let httpRequests: MetricFamily<MetricCounter>
    /// `http_request_duration_seconds{route}`
    public let httpRequestDuration: MetricFamily<MetricHistogram>
    /// `http_request_body_bytes_total`
    public let httpRequestBodyBytes: MetricFamily<MetricCounter>
    /// `rejected_total{reason}`: the code of the problem that was answered
    public let rejected: MetricFamily<MetricCounter>
    /// `queue_wait_seconds{task,model}`
    public let queueWait: MetricFamily<MetricHistogram>
    /// `batch_size{task,model}`
    public let batchSize: MetricFamily<MetricHistogram>
    /// `batches_total{task,model,reason}`
    public let batches: MetricFamily<MetricCounter>
    /// `stage_seconds{task,model,stage}`
    public let stages: MetricFamily<MetricHistogram>
    /// `generated_tokens_total{task,model}`
    public let generatedTokens: MetricFamily<MetricCounter>
    /// `cancelled_total{task,model}`
    public let cancelled: MetricFamily<MetricCounter>
    /// `decode_failures_total{format}`
    public let decodeFailures: MetricFamily<MetricCounter>
    /// `audio_seconds_total`
    public let audioSeconds: MetricFamily<MetricCounter>
    /// `pixels_total`
    public let pixels: MetricFamily<MetricCounter>
    /// `model_info{model,digest,precision}`
    public let modelInfo: MetricFamily<MetricGauge>
    /// `model_load_seconds`
    public let modelLoad: MetricFamily<MetricGauge>
    /// `engine_threads`
    public let engineThreads: MetricFamily<MetricGauge>
    /// `engine_busy_seconds_total`
    public let engineBusy: MetricFamily<MetricCounter>

    /// All metrics at 0, those of the process included.
    public init() {
        let prefix = "sensorium_"
        httpRequests = registry.counter(
            prefix + "http_requests_total", "Requests answered, by route template, method and status.",
            labels: ["route", "method", "status"])
        httpRequestDuration = registry.histogram(
            prefix + "http_request_duration_seconds",
            "Time from the end of a request's head to the last byte of its answer.", labels: ["route"])
        httpRequestBodyBytes = registry.counter(
            prefix + "http_request_body_bytes_total", "Bytes of request bodies received.")
        rejected = registry.counter(
            prefix + "rejected_total", "Requests refused, by the code of the problem.", labels: ["reason"])
        queueWait = registry.histogram(
            prefix + "queue_wait_seconds", "Time from a job's acceptance to the beginning of its batch.",
            labels: ["task", "model"])
        batchSize = registry.histogram(
            prefix + "batch_size", "Jobs per batch.", labels: ["task", "model"], bounds: MetricHistogram.sizes)
        batches = registry.counter(
            prefix + "batches_total", "Batches begun, by why they were begun then.",
            labels: ["task", "model", "reason"])
        stages = registry.histogram(
            prefix + "stage_seconds", "Time per stage of a request's way through the server.",
            labels: ["task", "model", "stage"])
        generatedTokens = registry.counter(
            prefix + "generated_tokens_total", "Tokens generated: one per generation and step.",
            labels: ["task", "model"])
        cancelled = registry.counter(
            prefix + "cancelled_total", "Jobs whose client went away before the answer.", labels: ["task", "model"])
        decodeFailures = registry.counter(
            prefix + "decode_failures_total", "Uploads that could not be decoded, by format.", labels: ["format"])
        audioSeconds = registry.counter(prefix + "audio_seconds_total", "Seconds of decoded sound.")
        pixels = registry.counter(prefix + "pixels_total", "Pixels of decoded images.")
        modelInfo = registry.info(
            prefix + "model_info", "The models served.", labels: ["model", "digest", "precision"])
        modelLoad = registry.gauge(prefix + "model_load_seconds", "Time it took to load the models.")
        engineThreads = registry.gauge(prefix + "engine_threads", "Threads that compute.")
        engineBusy = registry.counter(
            prefix + "engine_busy_seconds_total", "Time the engine spent computing batches and steps.")
        registry.collect { ProcessStatistics.read().snapshots }
    }

    /// Adds `http_connections`, read when asked for.
    public func collectConnections(_ count: @escaping @Sendable () -> Int) {
        let description = MetricDescription("sensorium_http_connections", .gauge, "Open connections.")
        registry.collect { [MetricSnapshot(description, Double(count()))] }
    }

    /// Adds `queue_depth{task,model}` and `queue_oldest_seconds{task,model}`, read when asked for.
    public func collectQueues(_ loads: @escaping @Sendable () -> [TaskLoad]) {
        let depth = MetricDescription(
            "sensorium_queue_depth", .gauge, "Jobs that wait for the engine.", labels: ["task", "model"])
        let oldest = MetricDescription(
            "sensorium_queue_oldest_seconds", .gauge, "How long the oldest job has waited.", labels: ["task", "model"])
        registry.collect {
            let loads = loads()
            return [
                MetricSnapshot(depth, loads.map { ([$0.task.name, $0.task.model], .value(Double($0.waiting))) }),
                MetricSnapshot(oldest, loads.map { ([$0.task.name, $0.task.model], .value($0.oldestWait.inSeconds)) }),
            ]
        }
    }

    /// Adds `collection_items{collection}`, read when asked for. A data folder has a bounded number of collections.
    public func collectCollections(_ collections: @escaping @Sendable () -> [CollectionDescription]) {
        let description = MetricDescription(
            "sensorium_collection_items", .gauge, "Items of each collection.", labels: ["collection"])
        registry.collect {
            [MetricSnapshot(description, collections().map { ([$0.name], .value(Double($0.items))) })]
        }
    }

    /// Counts an answered request. `route` is the template, never the path; unusual methods count as `other`.
    public func countRequest(route: String, method: String, status: Int, duration: Duration, bodyBytes: Int) {
        let usual = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
        httpRequests(route, usual.contains(method) ? method : "other", "\(status)").add()
        httpRequestDuration(route).observe(duration.inSeconds)
        httpRequestBodyBytes().add(Double(bodyBytes))
    }
}

extension Metrics: SchedulerObserver {
    /// Counts what the scheduler does. Refusals are counted where they are answered.
    public func observe(_ event: SchedulerEvent) {
        switch event {
        case .refused:
            break
        case .batch(let task, let waits, let reason):
            batches(task.name, task.model, reason.rawValue).add()
            batchSize(task.name, task.model).observe(Double(waits.count))
            let histogram = queueWait(task.name, task.model)
            for wait in waits { histogram.observe(wait.inSeconds) }
        case .begun(let task, _, let took):
            stages(task.name, task.model, "encode").observe(took.inSeconds)
            engineBusy().add(took.inSeconds)
        case .stepped(let sizes, let took):
            for (task, size) in sizes { generatedTokens(task.name, task.model).add(Double(size)) }
            engineBusy().add(took.inSeconds)
        case .ended(let task, let end, let timing):
            switch end {
            case .cancelledInQueue, .cancelledRunning: cancelled(task.name, task.model).add()
            case .done where timing.steps > 0:
                stages(task.name, task.model, "generate").observe(timing.generate.inSeconds)
            case .done, .failed, .expiredInQueue, .expiredRunning, .overdue, .crowdedOut, .stopped: break
            }
        }
    }
}

extension Duration {
    /// Seconds with their fraction.
    var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) / 1e18
    }
}
