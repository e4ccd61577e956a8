import COpenSSL
import Foundation
import HTTP
import Testing

/// TLS against OpenSSL's own client, with a certificate made for the run.
struct TLSTests {
    /// A self-signed certificate for `localhost` and its key, in files that vanish with the value.
    final class Certificate {
        let folder: URL
        var certificate: String { folder.appendingPathComponent("certificate.pem").path }
        var key: String { folder.appendingPathComponent("key.pem").path }

        /// - Parameter algorithm: how `openssl req -newkey` names the key, with its options.
        init(_ algorithm: [String] = ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]) throws {
            folder = FileManager.default.temporaryDirectory.appendingPathComponent("sensorium-tls-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try Self.openssl(
                ["req", "-x509", "-newkey"] + algorithm + [
                    "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
                    "-keyout", key, "-out", certificate,
                ])
        }

        /// Runs OpenSSL's program.
        static func openssl(_ arguments: [String]) throws {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
            process.arguments = arguments
            process.standardError = FileHandle.nullDevice
            try process.run()
            process.waitUntilExit()
            try #require(process.terminationStatus == 0)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// Takes the place of another, as a tool that renews certificates would.
        func replace(_ other: Certificate) throws {
            try Self.put(certificate, at: other.certificate)
            try Self.put(key, at: other.key)
        }

        /// Writes a copy beside the old file, and renames it.
        static func put(_ file: String, at path: String) throws {
            try FileManager.default.copyItem(atPath: file, toPath: path + ".new")
            try #require(rename(path + ".new", path) == 0)
        }
    }

    /// A blocking TLS client over a raw socket.
    final class Client {
        private let socket: RawClient
        private let context: OpaquePointer
        private let session: OpaquePointer

        init(
            _ address: String, trusting certificate: String, mostVersion: Int32 = TLS1_3_VERSION, suites: String? = nil
        ) throws {
            socket = try RawClient(address)
            context = try #require(SSL_CTX_new(TLS_client_method()))
            try #require(SSL_CTX_load_verify_locations(context, certificate, nil) == 1)
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
            SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, Int(mostVersion), nil)
            if let suites { try #require(SSL_CTX_set_cipher_list(context, suites) == 1) }
            session = try #require(SSL_new(context))
            var protocols: [UInt8] = [2] + Array("h2".utf8) + [8] + Array("http/1.1".utf8)
            SSL_set_alpn_protos(session, &protocols, UInt32(protocols.count))
            SSL_set_fd(session, socket.descriptor)
        }

        deinit {
            SSL_free(session)
            SSL_CTX_free(context)
        }

        func connect() -> Bool { SSL_connect(session) == 1 }

        var version: String { String(cString: SSL_get_version(session)) }

        var chosenProtocol: String {
            var pointer: UnsafePointer<UInt8>?
            var length: UInt32 = 0
            SSL_get0_alpn_selected(session, &pointer, &length)
            return String(decoding: UnsafeBufferPointer(start: pointer, count: Int(length)), as: UTF8.self)
        }

        func send(_ bytes: [UInt8]) {
            var sent = 0
            while sent < bytes.count {
                let count = bytes.withUnsafeBytes {
                    SSL_write(session, $0.baseAddress! + sent, Int32(bytes.count - sent))
                }
                guard count > 0 else { return }
                sent += Int(count)
            }
        }

        /// Everything until the server says that it is done; nil if it only broke off.
        func rest() -> [UInt8]? {
            var all: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = SSL_read(session, &buffer, Int32(buffer.count))
                guard count > 0 else { return SSL_get_error(session, count) == SSL_ERROR_ZERO_RETURN ? all : nil }
                all += buffer[..<Int(count)]
            }
        }
    }

    private func withTLSServer(_ body: (String, Certificate) throws -> Void) throws {
        let certificate = try Certificate()
        try withTLSServer(certificate) { address, _ in try body(address, certificate) }
    }

    private func withTLSServer(_ certificate: Certificate, _ body: (String, HTTPServer) throws -> Void) throws {
        try withServer {
            $0.tlsCertificatePath = certificate.certificate
            $0.tlsKeyPath = certificate.key
        } _: { address, server in
            try body(address, server)
        }
    }

    /// Whether a new connection succeeds for a client that trusts that certificate alone.
    private func connects(_ address: String, trusting certificate: Certificate) throws -> Bool {
        try Client(address, trusting: certificate.certificate).connect()
    }

    @Test(arguments: [(TLS1_3_VERSION, "TLSv1.3"), (TLS1_2_VERSION, "TLSv1.2")])
    func `requests are served over TLS, and the end is announced`(_ most: Int32, _ name: String) throws {
        try withTLSServer { address, certificate in
            let client = try Client(address, trusting: certificate.certificate, mostVersion: most)
            try #require(client.connect())
            #expect(client.version == name)
            #expect(client.chosenProtocol == "http/1.1")
            client.send(
                Array("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
            let text = String(decoding: try #require(client.rest()), as: UTF8.self)
            #expect(text.contains("GET /a") && text.hasSuffix("GET /b"))
        }
    }

    @Test func `bodies of many records go through unchanged`() throws {
        try withTLSServer { address, certificate in
            let client = try Client(address, trusting: certificate.certificate)
            try #require(client.connect())
            let body = (0..<700_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 5) }
            client.send(
                Array("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: \(body.count)\r\n\r\n".utf8))
            client.send(body)
            #expect(try #require(client.rest()).suffix(body.count) == body[...])
        }
    }

    @Test func `TLS 1.1 is refused`() throws {
        try withTLSServer { address, certificate in
            let client = try Client(address, trusting: certificate.certificate, mostVersion: TLS1_1_VERSION)
            #expect(!client.connect())
        }
    }

    @Test func `a plain request to a TLS port is no request`() throws {
        try withTLSServer { address, _ in
            let client = try RawClient(address)
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            client.finishSending()
            #expect(!String(decoding: client.rest(), as: UTF8.self).contains("HTTP/1.1 200"))
        }
    }

    @Test func `a certificate or key that cannot be used is named`() throws {
        let (one, other, rsa) = (try Certificate(), try Certificate(), try Certificate(["rsa:2048"]))
        func failure(_ certificate: String?, _ key: String?) -> String {
            var configuration = HTTPServerConfiguration(port: 0)
            configuration.tlsCertificatePath = certificate
            configuration.tlsKeyPath = key
            do {
                _ = try HTTPServer(configuration, handler: TestHandler.echo)
                return "accepted"
            } catch {
                return error.description
            }
        }
        #expect(
            failure("/nowhere/certificate.pem", one.key)
                == "Cannot use /nowhere/certificate.pem for TLS: No such file or directory.")
        #expect(
            failure(one.certificate, "/nowhere/key.pem")
                == "Cannot use /nowhere/key.pem for TLS: No such file or directory.")
        #expect(failure(one.folder.path, one.key).contains("it is not a regular file"))
        #expect(failure(one.key, one.key).contains("\(one.key) for TLS: it holds no certificate in PEM form"))
        #expect(failure(one.certificate, one.certificate).contains("it holds no private key in PEM form"))
        let mismatch = "the key does not belong to the certificate"
        #expect(failure(one.certificate, other.key).contains(mismatch))
        #expect(failure(one.certificate, rsa.key).contains(mismatch))
        let encrypted = one.folder.appendingPathComponent("encrypted.pem").path
        try Certificate.openssl(["ec", "-in", one.key, "-aes256", "-passout", "pass:secret", "-out", encrypted])
        #expect(failure(one.certificate, encrypted).contains("the key is encrypted"))
        #expect(failure(one.certificate, nil).contains("--tls-key"))
        #expect(failure(one.certificate, one.key) == "accepted")
    }

    @Test(arguments: [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]])
    func `TLS 1_2 has forward secrecy and authenticated encryption, or there is no connection`(_ algorithm: [String])
        throws
    {
        let certificate = try Certificate(algorithm)
        try withTLSServer(certificate) { address, _ in
            let others = "ALL:COMPLEMENTOFALL:!ECDHE+AESGCM:!ECDHE+CHACHA20:!aNULL:@SECLEVEL=0"
            for suites in [others, "AES128-GCM-SHA256:AES256-SHA", "ECDHE+AES:!AESGCM"] {
                let client = try Client(
                    address, trusting: certificate.certificate, mostVersion: TLS1_2_VERSION, suites: suites)
                #expect(!client.connect(), "\(suites)")
            }
            for suites in ["ECDHE+AESGCM", "ECDHE+CHACHA20"] {
                let client = try Client(
                    address, trusting: certificate.certificate, mostVersion: TLS1_2_VERSION, suites: suites)
                #expect(client.connect(), "\(suites)")
            }
        }
    }

    @Test func `a new certificate serves new connections, and open ones live on`() throws {
        let (files, next) = (try Certificate(), try Certificate())
        // A copy that stays when the files change.
        let first = try Certificate()
        try first.replace(files)
        try withTLSServer(files) { address, server in
            let open = try Client(address, trusting: first.certificate)
            try #require(open.connect())
            #expect(try !server.renewCertificate(onlyIfChanged: true))
            try next.replace(files)
            #expect(try server.renewCertificate(onlyIfChanged: true))
            #expect(try connects(address, trusting: next))
            #expect(try !connects(address, trusting: first))
            open.send(Array("GET /old HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".utf8))
            #expect(String(decoding: try #require(open.rest()), as: UTF8.self).hasSuffix("GET /old"))
        }
    }

    @Test func `a pair that cannot be used changes nothing, and is not tried twice`() throws {
        let (files, next) = (try Certificate(), try Certificate())
        let first = try Certificate()
        try first.replace(files)
        try withTLSServer(files) { address, server in
            // Between the two files of a renewal.
            try Certificate.put(next.certificate, at: files.certificate)
            let mismatch = #expect(throws: HTTPServerError.self) { try server.renewCertificate(onlyIfChanged: true) }
            #expect(mismatch?.description.contains("the key does not belong to the certificate") == true)
            #expect(try !server.renewCertificate(onlyIfChanged: true))
            #expect(try connects(address, trusting: first))
            try Certificate.put(next.key, at: files.key)
            #expect(try server.renewCertificate(onlyIfChanged: true))
            #expect(try connects(address, trusting: next))
            try FileManager.default.removeItem(atPath: files.key)
            let error = #expect(throws: HTTPServerError.self) { try server.renewCertificate() }
            #expect(error?.description.contains("No such file") == true)
            #expect(try connects(address, trusting: next))
        }
    }
}
