/// Why a server cannot start.
public enum HTTPServerError: Error, Equatable, CustomStringConvertible {
    /// The host name stands for no address.
    case unknownHost(String, reason: String)
    /// The address is taken or not ours.
    case cannotBind(address: String, reason: String)
    /// A system call failed.
    case systemCall(String, reason: String)
    /// A certificate or key cannot be used.
    case tls(path: String, reason: String)
    /// An option is out of its range.
    case invalidOption(String)

    /// A sentence for a person.
    public var description: String {
        switch self {
        case .unknownHost(let host, let reason):
            "The host \"\(host)\" stands for no address (\(reason)); give an address such as 127.0.0.1, 0.0.0.0 or ::."
        case .cannotBind(let address, let reason):
            "Cannot listen on \(address): \(reason). Choose another port, or stop the program that holds it."
        case .systemCall(let name, let reason):
            "The system refused \(name): \(reason)."
        case .tls(let path, let reason):
            "Cannot use \(path) for TLS: \(reason)."
        case .invalidOption(let sentence):
            sentence
        }
    }
}
