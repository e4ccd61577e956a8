import Hummingbird

let router = Router()
router.get("/health/live") { _, _ in "{\"status\":\"ok\"}" }

let port = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8090
let application = Application(router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)))
try await application.runService()
