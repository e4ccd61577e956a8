/// What stands between a decoder process and the rest of the machine, beside the limits of its memory and time that always hold.
public struct Confinement: Equatable, Sendable {
    /// A filter of system calls: memory, its socket, clocks and its own end are left.
    public let seccomp: Bool
    /// No file, port or process outside may be reached (Landlock).
    public let landlock: Bool
    /// Namespaces of its own, without privileges, network and shared memory.
    public let namespaces: Bool

    /// Holds what is true.
    public init(seccomp: Bool, landlock: Bool, namespaces: Bool) {
        self.seccomp = seccomp
        self.landlock = landlock
        self.namespaces = namespaces
    }
}

/// Whether decoder processes may work that are not confined. Landlock and namespaces are used where the system permits them,
/// which many containers do not.
public enum Sandbox: String, Sendable, CaseIterable {
    /// Only under the filter of system calls.
    case require
    /// Under what the system permits.
    case attempt = "try"
}
