import Testing

/// The layering of docs/decisions/0001: a request goes one way through the targets, and nothing lower knows anything higher.
@Suite struct `Import direction` {
    let tree = SourceTree()

    @Test func `a target depends only on targets that stand above it in Package.swift`() throws {
        let targets = try tree.targets()
        #expect(targets.count > 12)
        var above: Set<String> = []
        for target in targets {
            for dependency in target.dependencies {
                #expect(above.contains(dependency), "\(target.name) depends on \(dependency), which stands below it")
            }
            if !target.isTest { above.insert(target.name) }
        }
    }

    @Test func `a source file imports only what its target declares`() throws {
        let targets = try tree.targets()
        let names = Set(targets.map(\.name))
        for target in targets where !target.isTest {
            let allowed = Set(target.dependencies)
            for file in try tree.files(below: "Sources/\(target.name)", endings: ["swift"]) {
                for line in file.lines {
                    guard
                        let imported = line.firstMatch(
                            of: /^(?:@\w+ |public |package |internal )*import (?:\w+ )?(\w+)/)
                    else { continue }
                    let module = String(imported.output.1)
                    #expect(
                        !names.contains(module) || allowed.contains(module),
                        "\(file.path) imports \(module), which \(target.name) does not declare")
                }
            }
        }
    }

    @Test func `no source file imports Foundation, whose Unicode data would be two thirds of the program`() throws {
        for file in try tree.files(below: "Sources", endings: ["swift"]) {
            for line in file.lines {
                #expect(
                    !line.contains(/^(?:@\w+ |public |package |internal )*import (?:\w+ )?Foundation/),
                    "\(file.path) imports Foundation: Glibc, Dispatch and OperatingSystem have what it was used for")
            }
        }
    }

    @Test func `the HTTP server and the scheduler know no model`() throws {
        for target in try tree.targets() where ["HTTP", "Scheduler"].contains(target.name) {
            #expect(
                Set(target.dependencies).isSubset(of: ["COpenSSL", "CLinux", "OperatingSystem"]),
                "\(target.name) must stay free of models")
        }
    }
}
