import ArgumentParser
import CLinux
import Decoders
import Glibc
import HTTP
import Logging
import OperatingSystem
import Retrieval
import Service
import Tensor

struct ServeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Serve checkpoints over HTTP.",
        discussion: """
            Probes are answered as soon as the address is bound, tasks once every model has computed something. SIGINT finishes \
            what runs and refuses new work; SIGTERM does so after --lame-duck-seconds, in which the server is not ready and \
            still serves. A second signal ends at once. SIGHUP reads API keys and certificate again.

            Each flag may also be set by the variable named with it, or in a file by its name without the dashes; a flag wins over a \
            variable, and that over the file.
            """)

    @Option(
        help: ArgumentHelp(
            "File of settings, as sensorium config check reads it; off for none. (default: \(ConfigurationFile.standardPath) where it is there; \(ConfigurationFile.variable))",
            valueName: "file"))
    var config: String?
    @OptionGroup var settings: SettingArguments

    func run() throws {
        // Before any other thread is started: threads inherit the mask.
        let signals = SignalWatch()
        MemoryPolicy.keepFlat()
        let (configuration, memory) = try configuration()
        let sink = LogSink(configuration.accessLog == .json ? .json : .text)
        let logger = Logger(label: "sensorium") { SinkLogHandler(label: $0, sink: sink) }
        logger.info("\(memory)")
        let service = try start(configuration, configuration.accessLog == .off ? nil : sink, logger)
        load(service, logger)
        let files = FileRereading(service)
        if configuration.http.tlsCertificatePath != nil { files.watchCertificate() }
        let isSupervised = waitForEnd(signals, files) == .leave
        SystemThread.start {
            if isSupervised, configuration.lameDuckSeconds > 0, service.leave() {
                logger.info("Not ready any more; serving on for \(configuration.lameDuckSeconds) s.")
                SystemThread.sleep(for: .seconds(configuration.lameDuckSeconds))
            }
            logger.info("Finishing what runs.")
            let finished = service.drain()
            logger.info(finished ? "Done." : "Ended with requests unfinished: --drain-seconds passed.")
            sink.flush()
            Glibc.exit(0)
        }
        _ = waitForEnd(signals, files)
        Glibc.exit(130)
    }

    /// What is set, and what of it follows from the memory that there is.
    private func configuration() throws(CommandFailure) -> (ServiceConfiguration, memory: String) {
        var configuration: ServiceConfiguration
        do throws(Setting.Invalid) {
            var standard = ServiceConfiguration()
            standard.data = ServiceConfiguration.usualData()
            let environment = Environment.variables
            let file = try ConfigurationFile.named(config ?? environment[ConfigurationFile.variable])
            configuration = try ServiceConfiguration(
                standard, file: file, environment: environment, flags: settings.values)
        } catch {
            throw .usage(error.description)
        }
        if configuration.models.isEmpty { configuration.models = [ModelSource(folder: ModelFolder.usual)] }
        var located: [ModelSource] = []
        for source in configuration.models { located.append(try ModelFolder.located(source)) }
        configuration.models = located
        do throws(Setting.Invalid) {
            if configuration.threads == 0 { configuration.threads = ComputePool.availableThreads() }
            let limit = ControlGroup().memory()
            let memory = try configuration.settleMemory(limit: limit?.bytes, from: limit?.source ?? "")
            return (configuration, memory)
        } catch {
            throw .usage(error.description)
        }
    }

    private func start(
        _ configuration: ServiceConfiguration, _ accessLog: LogSink?, _ logger: Logger
    ) throws -> Service {
        do {
            let service = try Service(
                configuration, decoder: decoders(configuration), accessLog: accessLog, logger: logger)
            for address in try service.start() {
                logger.info("Listening on \(configuration.http.tlsKeyPath == nil ? "http" : "https")://\(address).")
            }
            return service
        } catch let error as HTTPServerError {
            throw Self.failure(error)
        } catch let error as APIKeysError {
            throw CommandFailure.usage("\(error).")
        } catch let error as RetrievalError {
            throw CommandFailure.data("\(error)")
        }
    }

    /// Processes of this program, as many as decode at once as a rule, that start while the model is loaded.
    private func decoders(_ configuration: ServiceConfiguration) -> DecoderProcesses {
        // What decoding may take, and the upload itself beside it, received piece by piece.
        let memory = configuration.memory + 2 * configuration.maxPart + (64 << 20)
        return DecoderProcesses(
            .thisProgram(memory: memory), count: configuration.decoders, limit: .seconds(configuration.decodeSeconds),
            sandbox: configuration.sandbox)
    }

    private static func failure(_ error: HTTPServerError) -> CommandFailure {
        switch error {
        case .tls, .invalidOption: .usage(error.description)
        case .unknownHost, .cannotBind, .systemCall: .address(error.description)
        }
    }

    /// Loads while probes are answered already.
    private func load(_ service: Service, _ logger: Logger) {
        SystemThread.start {
            do {
                let start = ContinuousClock.now
                try service.load()
                logger.info("Ready after \(start.duration(to: .now)).")
            } catch let failure as ModelFailure {
                end(ModelFolder.failure(failure.source.folder, failure.cause).sentence, code: 3)
            } catch {
                end("\(error)", code: 5)
            }
        }
    }

    /// Ends a start that failed: nothing was taken yet that would have to be finished.
    private func end(_ sentence: String, code: Int32) {
        StandardError.write("sensorium: \(sentence)")
        Glibc.exit(code)
    }

    /// Waits for the first signal that asks for the end, reading files again where one asks for that.
    private func waitForEnd(_ signals: SignalWatch, _ files: FileRereading) -> SignalWatch.Request {
        while true {
            let request = signals.next()
            guard case .reread = request else { return request }
            files.reread()
        }
    }
}

/// How the allocator treats memory that a request gave back.
enum MemoryPolicy {
    /// Keeps the process's size near what it uses. glibc's default lets each thread keep an arena of its own that never
    /// shrinks, and raises the size from which blocks are returned to the system.
    static func keepFlat() {
        mallopt(M_ARENA_MAX, 2)
        mallopt(M_MMAP_THRESHOLD, 256 << 10)
        mallopt(M_TRIM_THRESHOLD, 1 << 20)
    }
}
