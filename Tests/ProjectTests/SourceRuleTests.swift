import Testing

/// Rules of CONTRIBUTING.md that a reader would otherwise have to check by eye.
@Suite struct `Source rules` {
    let tree = SourceTree()

    @Test func `a file stays within 600 lines`() throws {
        for folder in ["Sources", "Tests", "models/training", "scripts"] {
            for file in try tree.files(below: folder, endings: ["swift", "c", "h", "py"]) {
                #expect(file.lines.count <= 600, "\(file.path) has \(file.lines.count) lines: is it still one idea?")
            }
        }
    }

    @Test func `an escape from safety carries the comment that proves it`() throws {
        let escapes = /fatalError\(|preconditionFailure\(|try!|@unchecked Sendable|nonisolated\(unsafe\)|unsafeBitCast/
        for file in try tree.files(below: "Sources", endings: ["swift"]) {
            for (number, line) in file.lines.enumerated() {
                guard line.contains(escapes), !line.trimmingPrefix(while: \.isWhitespace).hasPrefix("//") else {
                    continue
                }
                let nearby = file.lines[max(0, number - 6)...number]
                #expect(
                    nearby.contains { $0.contains("//") },
                    "\(file.path):\(number + 1) needs a comment that proves it safe")
            }
        }
    }

    @Test func `nothing unfinished is left in the sources`() throws {
        // Spelled in halves, so that this file does not find itself.
        let marks = ["TO" + "DO", "FIX" + "ME", "XX" + "X:", "HA" + "CK"]
        for folder in ["Sources", "Tests", "scripts", "models/training"] {
            for file in try tree.files(below: folder, endings: ["swift", "c", "h", "py", "sh"]) {
                for (number, line) in file.lines.enumerated() {
                    #expect(
                        !marks.contains { line.contains($0) },
                        "\(file.path):\(number + 1) is marked as unfinished")
                }
            }
        }
    }

    @Test func `a folder or file says what it holds`() throws {
        let vague = ["util", "helper", "manager", "misc", "common"]
        for file in try tree.files(below: "Sources", endings: ["swift", "c", "h"]) {
            let path = file.path.lowercased()
            #expect(!vague.contains { path.contains($0) }, "\(file.path): name the idea instead")
        }
    }

    @Test func `what the program writes goes through one checked way`() throws {
        // `print` loses errors, and `FileHandle` ends the process at them.
        let unchecked =
            /(?:^|[^\w.])(?:print|puts|fputs|fwrite|putchar|perror)\(|FileHandle\.standard|fileDescriptor: STD/
        for file in try tree.files(below: "Sources", endings: ["swift"]) {
            for (number, line) in file.lines.enumerated() {
                #expect(
                    !line.contains(unchecked) || line.contains("static func print("),
                    "\(file.path):\(number + 1) writes past StandardOutput and StandardError")
            }
        }
    }
}
