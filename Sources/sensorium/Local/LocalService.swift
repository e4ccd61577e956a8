import Decoders
import Dispatch
import Logging
import Retrieval
import Service
import Synchronization
import Tensor

/// The service inside this process, without sockets: what it answers is what a server would.
struct LocalService: Sendable {
    private let service: Service

    /// Loads a model, and opens a data folder where one is needed.
    /// - Parameter data: the data folder; `off` for none.
    init(_ model: ModelArguments, data: String = "off") throws(CommandFailure) {
        var configuration = ServiceConfiguration()
        let source = try ModelFolder.located(ModelSource(folder: model.model))
        configuration.models = [source]
        configuration.data = data
        // The files are the caller's own, nothing else takes memory, and whoever does not want to wait ends the command.
        configuration.maxBody = 1 << 30
        configuration.maxPart = 1 << 30
        configuration.maxText = 1 << 30
        configuration.maxMemory = 8 << 30
        configuration.requestDeadline = 86_400
        configuration.targetWait = 86_400
        configuration.threads = model.threads > 0 ? model.threads : ComputePool.availableThreads()
        configuration.decoders = configuration.threads
        do {
            service = try Service(
                configuration, decoder: InProcessDecoder(), accessLog: nil,
                logger: Logger(label: "sensorium") { _ in SwiftLogNoOpLogHandler() })
            try service.load(warmsUp: false)
        } catch let error as RetrievalError {
            if case .folderInUse = error { throw .data("\(error) Or ask its server with --server http://…") }
            throw .data("\(error)")
        } catch {
            throw ModelFolder.failure(model.model, (error as? ModelFailure)?.cause ?? error)
        }
    }

    /// What is served, as `/v1/models` says it.
    var model: ServedModelCard {
        get throws { try ServedModelCard(ask("GET", "/v1/models")) }
    }

    /// Sends a form, and waits for its answer.
    func post(_ path: String, _ form: MultipartForm) -> ServerClient.Answer {
        ask("POST", path, type: form.type, form.body)
    }

    /// The same for a task: what is asked at the same time is computed together.
    func answer(_ path: String, _ form: MultipartForm) async -> ServerClient.Answer {
        await withCheckedContinuation { continuation in
            service.answer("POST", path, type: form.type, body: form.body) { status, body in
                continuation.resume(returning: ServerClient.Answer(status: status, body: body))
            }
        }
    }

    private func ask(_ method: String, _ path: String, type: String = "", _ body: [UInt8] = []) -> ServerClient.Answer {
        let answer = Mutex<ServerClient.Answer?>(nil)
        let done = DispatchSemaphore(value: 0)
        service.answer(method, path, type: type, body: body) { status, body in
            answer.withLock { $0 = ServerClient.Answer(status: status, body: body) }
            done.signal()
        }
        done.wait()
        return answer.withLock { $0 } ?? ServerClient.Answer(status: 500, body: [])
    }

    /// Ends, with everything written that was stored.
    func close() { _ = service.drain() }
}
