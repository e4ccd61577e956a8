@preconcurrency import Glibc

/// The variables that the process was started with.
///
/// Nothing here sets one, so that they may be read from any thread.
public enum Environment {
    /// The value of a variable; nil where it is not set.
    public static func value(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    /// Every variable with its value; of two of one name the first, as `getenv` has it.
    public static var variables: [String: String] {
        var variables: [String: String] = [:]
        // environ(7): pointers to "name=value", the last one nil. Nothing changes them, see above.
        var entry: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
        while let text = entry.pointee {
            let halves = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(halves[0])
            if halves.count == 2, variables[name] == nil { variables[name] = String(halves[1]) }
            entry += 1
        }
        return variables
    }
}
