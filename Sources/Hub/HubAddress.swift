import CCurl

/// Where a request goes: what tells whether the next address of a redirect may be given the token. Read by libcurl, as it will
/// be asked.
struct HubAddress: Equatable {
    let scheme: String
    let host: String
    let port: Int

    /// The origin of an address; nil of what is none.
    init?(_ url: String) {
        let parsed = curl_url()
        defer { curl_url_cleanup(parsed) }
        guard curl_url_set(parsed, CURLUPART_URL, url, UInt32(CURLU_URLENCODE)) == CURLUE_OK,
            let scheme = Self.part(CURLUPART_SCHEME, of: parsed)?.lowercased(),
            let host = Self.part(CURLUPART_HOST, of: parsed)?.lowercased(), ["http", "https"].contains(scheme),
            let port = Self.part(CURLUPART_PORT, of: parsed, CURLU_DEFAULT_PORT).flatMap({ Int($0) })
        else { return nil }
        self.scheme = scheme
        self.host = host
        self.port = port
    }

    /// The address that a redirect names, which may be one without a host.
    static func resolve(_ location: String, from url: String) -> String? {
        let parsed = curl_url()
        defer { curl_url_cleanup(parsed) }
        let flags = UInt32(CURLU_URLENCODE)
        guard curl_url_set(parsed, CURLUPART_URL, url, flags) == CURLUE_OK,
            // What is set second is taken relative to the first.
            curl_url_set(parsed, CURLUPART_URL, location, flags) == CURLUE_OK
        else { return nil }
        return part(CURLUPART_URL, of: parsed)
    }

    /// A part of an address; nil where it has none.
    private static func part(_ part: CURLUPart, of url: OpaquePointer?, _ flags: Int32 = 0) -> String? {
        var text: UnsafeMutablePointer<CChar>?
        guard curl_url_get(url, part, &text, UInt32(flags)) == CURLUE_OK, let text else { return nil }
        defer { curl_free(text) }
        return String(cString: text)
    }

    /// A path with what is not allowed in one written by its bytes.
    static func path(_ path: String) -> String {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/".utf8)
        return path.utf8.map { byte in
            allowed.contains(byte)
                ? String(UnicodeScalar(byte))
                : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
        }.joined()
    }
}
