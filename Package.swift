// swift-tools-version:6.2
import PackageDescription

/// Every target treats warnings as errors, so that a clean build says something.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// For tests that compute little themselves: optimising their code, all files of a target at once, would take most of a build
/// (ServiceTests: 130 s, and 36 s like this). What they test is optimised as ever.
let plain = strict + [.unsafeFlags(["-Onone", "-no-whole-module-optimization", "-enable-batch-mode"])]

let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")

/// Read by `sensorium --version`. Make tells it for releases alone: whatever depends on it is compiled anew where it changes.
let commit = Context.environment["SENSORIUM_COMMIT"].map { [CSetting.define("SENSORIUM_COMMIT", to: $0)] }

let package = Package(
    name: "sensorium",
    products: [.executable(name: "sensorium", targets: ["sensorium"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        // The order below is the import order: a target may import only what stands above it.
        .systemLibrary(name: "COpenSSL", path: "Sources/CLibraries/COpenSSL"),
        .systemLibrary(name: "CSQLite", path: "Sources/CLibraries/CSQLite"),
        .systemLibrary(name: "CCurl", path: "Sources/CLibraries/CCurl"),
        .systemLibrary(name: "CLinux", path: "Sources/CLibraries/CLinux"),
        .target(
            name: "CImageCodecs",
            linkerSettings: ["jpeg", "png16", "webp", "webpdemux", "gif", "heif", "tiff", "lcms2"].map {
                .linkedLibrary($0)
            }),
        .target(
            name: "CAudioCodecs",
            linkerSettings: [.linkedLibrary("sndfile"), .linkedLibrary("soxr")]),
        .target(name: "CConfinement"),
        .target(name: "CKernels"),
        .target(name: "CRelease", cSettings: commit),
        .target(name: "OperatingSystem", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "Tensor", dependencies: ["CKernels"], swiftSettings: strict),
        .target(name: "JSON", swiftSettings: strict),
        .target(name: "Checkpoint", dependencies: ["JSON", "COpenSSL"], swiftSettings: strict),
        .target(name: "Tokenizer", dependencies: ["JSON"], swiftSettings: strict),
        .target(name: "Media", dependencies: ["CImageCodecs", "CAudioCodecs"], swiftSettings: strict),
        .target(name: "Terminal", dependencies: ["Media", "JSON"], swiftSettings: strict),
        .target(
            name: "Decoders", dependencies: ["Media", "CConfinement", "CLinux", "OperatingSystem"],
            swiftSettings: strict),
        .target(name: "Networks", dependencies: ["Tensor", "Checkpoint"], swiftSettings: strict),
        .target(
            name: "Tasks", dependencies: ["Networks", "Tensor", "Checkpoint", "Tokenizer", "Media", "JSON"],
            swiftSettings: strict),
        .target(name: "Scheduler", dependencies: ["OperatingSystem"], swiftSettings: strict),
        .target(
            name: "Retrieval", dependencies: ["Tensor", "JSON", "CSQLite", "COpenSSL", "OperatingSystem"],
            swiftSettings: strict),
        .target(name: "HTTP", dependencies: ["COpenSSL", "CLinux"], swiftSettings: strict),
        .target(
            name: "Service",
            dependencies: [
                "HTTP", "Retrieval", "Scheduler", "Tasks", "Networks", "Checkpoint", "Tokenizer", "Media", "Decoders",
                "JSON", "OperatingSystem", logging,
            ],
            // The contract at the root of the repository, by a link: it is served as it stands there.
            resources: [.embedInCode("Contract/openapi.yaml")], swiftSettings: strict),
        .target(
            name: "Hub", dependencies: ["JSON", "COpenSSL", "CCurl", "OperatingSystem"], swiftSettings: strict),
        .executableTarget(
            name: "sensorium",
            dependencies: [
                "Service", "Hub", "HTTP", "Retrieval", "Scheduler", "Tasks", "Networks", "Tensor", "Checkpoint",
                "Tokenizer",
                "Media", "Terminal", "Decoders", "JSON", "CLinux", "CRelease", "OperatingSystem",
                logging, arguments,
            ],
            swiftSettings: strict),

        .target(name: "Mutation", path: "Tests/Mutation", swiftSettings: strict),
        .target(name: "TemporaryFolders", path: "Tests/TemporaryFolders", swiftSettings: strict),
        .testTarget(name: "TensorTests", dependencies: ["Tensor"], swiftSettings: strict),
        .testTarget(
            name: "OperatingSystemTests", dependencies: ["OperatingSystem", "TemporaryFolders"], swiftSettings: plain),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "Mutation"], swiftSettings: plain),
        .testTarget(name: "CheckpointTests", dependencies: ["Checkpoint", "JSON", "Mutation"], swiftSettings: plain),
        .testTarget(
            name: "TokenizerTests", dependencies: ["Tokenizer", "JSON", "Mutation", "TemporaryFolders"],
            swiftSettings: plain),
        .testTarget(name: "MediaTests", dependencies: ["Media"], swiftSettings: plain),
        .testTarget(name: "TerminalTests", dependencies: ["Terminal", "Media"], swiftSettings: plain),
        .target(name: "CForbiddenCalls", path: "Tests/ForbiddenCalls"),
        .executableTarget(
            name: "StandInDecoder", dependencies: ["Decoders", "CForbiddenCalls"], path: "Tests/StandInDecoder",
            swiftSettings: strict),
        .testTarget(
            name: "DecodersTests", dependencies: ["Decoders", "Media", "StandInDecoder", "CForbiddenCalls"],
            swiftSettings: plain),
        .testTarget(
            name: "NetworksTests", dependencies: ["Networks", "Tensor", "Checkpoint", "Media"], swiftSettings: strict),
        .testTarget(
            name: "TasksTests", dependencies: ["Tasks", "Tensor", "Checkpoint", "Tokenizer", "Media"],
            swiftSettings: strict),
        .testTarget(name: "SchedulerTests", dependencies: ["Scheduler"], swiftSettings: strict),
        .executableTarget(
            name: "CrashWriter", dependencies: ["Retrieval", "JSON"], path: "Tests/CrashWriter", swiftSettings: strict),
        .testTarget(
            name: "RetrievalTests",
            dependencies: ["Retrieval", "CrashWriter", "Tensor", "JSON", "CSQLite", "TemporaryFolders"],
            swiftSettings: plain),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP", "COpenSSL"], swiftSettings: plain),
        .testTarget(
            name: "ServiceTests",
            dependencies: [
                "Service", "HTTP", "Retrieval", "Scheduler", "Tasks", "Networks", "Tokenizer", "Media", "Decoders",
                "JSON", "TemporaryFolders", "Yams", logging,
            ],
            swiftSettings: plain),
        .testTarget(name: "HubTests", dependencies: ["Hub", "TemporaryFolders"], swiftSettings: plain),
        .testTarget(
            name: "SensoriumTests", dependencies: ["sensorium", "TemporaryFolders"], swiftSettings: plain),
        .testTarget(name: "ProjectTests", swiftSettings: plain),
    ])
