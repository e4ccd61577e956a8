import Decoders
import Logging
import Retrieval
import Service
import Tensor

/// The service inside this process, without sockets: what it answers is what a server would.
enum LocalService {
    /// Opens a data folder, loads a model, and asks them one thing.
    static func answer(
        _ form: MultipartForm, model: ModelArguments, data: String
    ) throws -> ServerClient.Answer {
        var configuration = ServiceConfiguration()
        configuration.model = model.model
        configuration.data = data
        // The file is the caller's own, and nothing else takes memory.
        configuration.maxBody = 1 << 30
        configuration.maxPart = 1 << 30
        configuration.maxMemory = 8 << 30
        configuration.threads = model.threads > 0 ? model.threads : ComputePool.availableThreads()
        do {
            // The files are the caller's own.
            let service = try Service(
                configuration, decoder: InProcessDecoder(), accessLog: nil,
                logger: Logger(label: "sensorium") { _ in SwiftLogNoOpLogHandler() })
            defer { _ = service.drain() }
            try service.load(warmsUp: false)
            let (status, body) = service.answer("POST", "/v1/retrieve", type: form.type, body: form.body)
            return ServerClient.Answer(status: status, body: body)
        } catch let error as RetrievalError {
            if case .folderInUse = error {
                throw CommandFailure.data("\(error) Or ask its server with --server http://…")
            }
            throw CommandFailure.data("\(error)")
        } catch {
            throw ModelFolder.failure(model.model, error)
        }
    }
}
