import ArgumentParser
import JSON

/// Options that take one value and are given twice. The parser takes the last of them and says nothing, so that half of what
/// was asked for would get lost.
enum RepeatedOptions {
    /// Refuses arguments with such an option.
    static func check(_ arguments: [String]) throws(CommandFailure) {
        var counts: [String: Int] = [:]
        for argument in arguments.prefix(while: { $0 != "--" }) where argument.hasPrefix("--") {
            counts[String(argument.dropFirst(2).prefix { $0 != "=" }), default: 0] += 1
        }
        let repeated = counts.filter { $0.value > 1 }
        // What there is to know of a command is read for nobody else.
        guard !repeated.isEmpty, let (command, path) = try? command(arguments) else { return }
        for name in repeated.keys.sorted() where (try? takesOneValue(name, command)) == true {
            throw .usage(
                "--\(name) is given \(repeated[name] ?? 2) times, and takes one value. See \(path) --help.")
        }
    }

    /// The command that arguments name, as the parser describes it, and how it is called.
    private static func command(_ arguments: [String]) throws(JSONError) -> (JSONCursor, path: String) {
        let description = Array(Sensorium._dumpHelp().utf8)
        let limits = JSONLimits(bytes: 16 << 20, depth: 64, values: 1 << 20)
        var command = try JSONCursor(JSONValue(parsing: description, limits: limits)).member("command")
        var path = try command.member("commandName").string()
        for argument in arguments {
            guard let inner = try subcommand(argument, of: command) else { break }
            command = inner
            path += " " + argument
        }
        return (command, path)
    }

    private static func subcommand(_ name: String, of command: JSONCursor) throws(JSONError) -> JSONCursor? {
        for inner in try command.optionalMember("subcommands")?.elements() ?? []
        where try inner.member("commandName").string() == name {
            return inner
        }
        return nil
    }

    private static func takesOneValue(_ name: String, _ command: JSONCursor) throws(JSONError) -> Bool {
        for argument in try command.optionalMember("arguments")?.elements() ?? [] {
            guard try argument.member("kind").string() == "option", try !argument.member("isRepeating").boolean() else {
                continue
            }
            for spelling in try argument.optionalMember("names")?.elements() ?? []
            where try spelling.member("name").string() == name {
                return true
            }
        }
        return false
    }
}
