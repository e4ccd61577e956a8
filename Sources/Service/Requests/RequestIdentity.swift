import HTTP
import Synchronization

/// How a request is known in answers, logs and traces.
struct RequestIdentity: Sendable, Equatable {
    /// The client's `X-Request-Id` where it is 1 to 128 visible ASCII characters, else one made here.
    let id: String
    /// The client's `traceparent` (W3C Trace Context) where it is well-formed, to be passed on.
    let traceParent: String?

    init(_ headers: HTTPHeaders) {
        let given = headers["X-Request-Id"].flatMap { Self.isAcceptable($0) ? $0 : nil }
        id = given ?? Self.make()
        traceParent = headers["traceparent"].flatMap { Self.isTraceParent($0) ? $0 : nil }
    }

    /// The field lines that tell the client.
    var headers: HTTPHeaders {
        var headers = HTTPHeaders([("X-Request-Id", id)])
        if let traceParent { headers.add("traceparent", traceParent) }
        return headers
    }

    /// A new id, 16 bytes in hexadecimal: a random one of this process, then the number of the request in an order that
    /// cannot be guessed.
    private static func make() -> String {
        let number = made.wrappingAdd(1, ordering: .relaxed).newValue
        return process + hexadecimal(scrambled(number ^ key))
    }

    private static let made = Atomic<UInt64>(0)
    private static let process = hexadecimal(UInt64.random(in: .min ... .max))
    private static let key = UInt64.random(in: .min ... .max)

    /// SplitMix64's finaliser, which maps no two numbers to the same.
    private static func scrambled(_ value: UInt64) -> UInt64 {
        var value = value
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    private static func hexadecimal(_ value: UInt64) -> String {
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func isAcceptable(_ id: String) -> Bool {
        (1...128).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    /// `00-<32 hex>-<16 hex>-<2 hex>`, neither id all zeros, and no version ff. A later version may go on after a dash.
    private static func isTraceParent(_ value: String) -> Bool {
        let bytes = Array(value.utf8)
        let dash = UInt8(ascii: "-")
        guard bytes.count == 55 || (bytes.count > 56 && bytes[55] == dash && !value.hasPrefix("00")),
            bytes.count <= 256
        else { return false }
        let fields = [0..<2, 3..<35, 36..<52, 53..<55]
        let isHex: (UInt8) -> Bool = { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
        guard [2, 35, 52].allSatisfy({ bytes[$0] == dash }),
            fields.allSatisfy({ bytes[$0].allSatisfy(isHex) }),
            bytes[55...].allSatisfy({ (0x21...0x7E).contains($0) })
        else { return false }
        let isZero: (Range<Int>) -> Bool = { bytes[$0].allSatisfy { $0 == 0x30 } }
        return !value.hasPrefix("ff") && !isZero(3..<35) && !isZero(36..<52)
    }
}
