import Foundation
import Glibc
import TemporaryFolders
import Testing

@testable import Service

@Suite struct `Command line` {
    @Test func `an unknown flag is wrong usage, and the nearest one is named`() throws {
        let outcome = try Program.run(["serve", "--prot", "80"])
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("Unknown option '--prot'. Did you mean '--port'?"))
        #expect(outcome.output.isEmpty)
    }

    @Test func `an unknown variable is wrong usage, and the nearest one is named`() throws {
        let outcome = try Program.run(["serve"], environment: ["SENSORIUM_PROT": "80"])
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("did you mean SENSORIUM_PORT?"))
    }

    @Test func `a value out of range is wrong usage`() throws {
        let outcome = try Program.run(["serve", "--port", "99999"])
        #expect(outcome.code == 2)
        #expect(
            outcome.errors
                == "sensorium: --port is \"99999\"; it takes a whole number from 0 to 65535 (default 8080).\n")
        #expect(try Program.run(["bench", "load", "--url", "nowhere"]).code == 2)
        #expect(try Program.run(["embed"]).code == 2)
        #expect(try Program.run(["emotion"]).code == 2)
        #expect(try Program.run(["ask", "a.jpg", "?"]).code == 2)
        #expect(try Program.run(["ask", "a.jpg", "why?", "--top", "0"]).code == 2)
        #expect(try Program.run(["nonsense"]).code == 2)
    }

    @Test(arguments: [
        ["serve", "--port", "0", "--model"], ["caption", "a.jpg", "--model"], ["ask", "a.jpg", "why?", "--model"],
        ["emotion", "--text", "a", "--model"], ["inspect"],
    ])
    func `a model that cannot be loaded ends with 3 and says what is wrong`(_ arguments: [String]) throws {
        let outcome = try Program.run(arguments + ["/nonexistent"])
        #expect(outcome.code == 3)
        #expect(outcome.errors.contains("/nonexistent"))
    }

    @Test func `an address that is taken ends with 4 and names it`() throws {
        let address = try #require(try Harness(isReady: false).service.start().first)
        let holder = try Harness(isReady: false)
        let taken = try #require(try holder.service.start().first)
        let port = try #require(taken.split(separator: ":").last)
        let outcome = try Program.run(["serve", "--port", String(port), "--model", "/nonexistent"])
        #expect(outcome.code == 4)
        #expect(outcome.errors.contains(taken))
        #expect(address != taken)
        #expect(holder.service.drain())
    }

    @Test func `a certificate that cannot be used is wrong usage`() throws {
        let outcome = try Program.run(
            ["serve", "--port", "0", "--tls-certificate", "/nonexistent", "--tls-key", "/nonexistent"])
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("/nonexistent"))
    }

    @Test func `API keys that cannot be read are wrong usage`() throws {
        let outcome = try Program.run(["serve", "--port", "0", "--api-keys", "/nonexistent"])
        #expect(outcome.code == 2)
        #expect(outcome.errors.contains("/nonexistent"))
    }

    @Test func `help names every flag with its variable and default`() throws {
        let outcome = try Program.run(["serve", "--help"])
        #expect(outcome.code == 0)
        // Help is broken into lines where the terminal ends.
        let help = outcome.output.replacing(/\s+/, with: " ")
        for setting in Setting.table {
            #expect(help.contains("--\(setting.name)"))
            #expect(help.contains(setting.variable))
            if let standard = setting.standard { #expect(help.contains("default: \(standard)"), "\(setting.name)") }
        }
    }

    @Test func `the settings are printed as a table and as a list`() throws {
        #expect(try Program.run(["options", "--markdown"]).output == Setting.markdown)
        let list = try Program.run(["options"]).output
        for setting in Setting.table { #expect(list.contains("--\(setting.name)")) }
    }

    @Test func `the version is that of the contract`() throws {
        let outcome = try Program.run(["version"])
        #expect(outcome.code == 0)
        let contract = try String(contentsOf: Contract.url, encoding: .utf8)
        #expect(contract.contains("\n  version: \(outcome.output)"))
    }
}

@Suite(.enabled(if: Program.hasModel)) struct `Program with a checkpoint` {
    private let photo = Photo.folder.appending(path: "astronaut.jpg").path

    private func serve(_ flags: [String] = []) throws -> RunningProgram {
        try RunningProgram(["serve", "--model", Program.model, "--port", "0"] + flags)
    }

    @Test func `server and command line give the same caption, and SIGTERM ends the server with 0`() throws {
        let server = try serve()
        let address = try server.waitForAddress()
        _ = try server.waitForLine(containing: "Ready")
        let client = try LiveClient(address)
        client.send("/v1/caption", Form(image: Photo.large))
        let answer = client.answer()
        #expect(answer.status == 200)
        let local = try Program.run(["caption", "--model", Program.model, "--json", photo])
        #expect(local.code == 0)
        let caption = try #require(answer.string("caption"))
        #expect(local.output.contains("\"caption\":\"\(caption)\""))
        server.signal(SIGTERM)
        let outcome = try server.waitForEnd()
        #expect(outcome.code == 0)
        #expect(outcome.errors.contains("route=/v1/caption status=200"))
    }

    @Test func `a server that is killed takes its decoders with it, and one that lost them starts others`() throws {
        let server = try serve()
        _ = try server.waitForLine(containing: "Ready")
        let decoders = server.children
        // The process that is copied, and a copy at least: others are made, or ended after the first trial, at this moment.
        #expect(decoders.count >= 2)
        let address = try server.waitForAddress()
        for decoder in decoders { kill(decoder, SIGKILL) }
        wait { !decoders.contains(where: RunningProgram.runs) }
        let client = try LiveClient(address)
        client.send("/v1/caption", Form())
        #expect(client.answer().status == 200)
        let replaced = server.children
        #expect(!replaced.isEmpty && Set(replaced).isDisjoint(with: decoders))
        server.signal(SIGKILL)
        wait { !replaced.contains(where: RunningProgram.runs) }
    }

    @Test func `a second signal ends a server that still drains`() throws {
        let server = try serve()
        let address = try server.waitForAddress()
        _ = try server.waitForLine(containing: "Ready")
        // An upload that never ends keeps the server draining.
        let client = try LiveClient(address)
        client.send("POST", "/v1/caption", type: "image/jpeg", body: Photo.large, upTo: 100)
        server.signal(SIGINT)
        _ = try server.waitForLine(containing: "Finishing what runs")
        server.signal(SIGTERM)
        #expect(try server.waitForEnd().code == 130)
    }

    @Test func `after SIGTERM the server is not ready and still serves, until a second signal`() throws {
        let server = try serve(["--lame-duck-seconds", "3600"])
        let address = try server.waitForAddress()
        _ = try server.waitForLine(containing: "Ready")
        server.signal(SIGTERM)
        _ = try server.waitForLine(containing: "Not ready any more")
        func ask(_ path: String, _ form: Form? = nil) throws -> Answer {
            let client = try LiveClient(address)
            if let form { client.send(path, form) } else { client.send("GET", path, keepsAlive: true) }
            return client.answer()
        }
        // Read until the server closes, although the client did not ask it to.
        let ready = try ask("/health/ready")
        #expect(ready.status == 503)
        #expect(ready.headers["Connection"] == "close")
        #expect(try ask("/health").text.contains("about to shut down"))
        #expect(try ask("/v1/caption", Form()).status == 200)
        server.signal(SIGTERM)
        #expect(try server.waitForEnd().code == 130)
    }

    @Test func `SIGTERM drains when the time is over, and SIGINT waits for nobody`() throws {
        for (signal, seconds) in [(SIGTERM, "0.05"), (SIGINT, "3600")] {
            let server = try serve(["--lame-duck-seconds", seconds])
            _ = try server.waitForLine(containing: "Ready")
            server.signal(signal)
            #expect(try server.waitForEnd().code == 0)
        }
    }

    @Test func `a key file that became a pipe keeps the old keys, and signals are still heard`() throws {
        let folder = try TemporaryFolder()
        let keys = try folder.write("first-key-1234567890\n", to: "keys")
        let server = try serve(["--api-keys", keys])
        _ = try server.waitForLine(containing: "Ready")
        try #require(unlink(keys) == 0 && mkfifo(keys, 0o600) == 0)
        server.signal(SIGHUP)
        let line = try server.waitForLine(containing: "Kept the old API keys")
        #expect(line.contains("it is not a regular file"))
        server.signal(SIGTERM)
        #expect(try server.waitForEnd().code == 0)
    }

    @Test func `a file that is no photo ends with 1, and the others are described all the same`() throws {
        let outcome = try Program.run(["caption", "--model", Program.model, "/nonexistent.jpg", photo])
        #expect(outcome.code == 1)
        #expect(outcome.errors.contains("/nonexistent.jpg"))
        #expect(outcome.output.hasPrefix("\(photo): "))
    }

    @Test func `the first step's logits are printed as JSON`() throws {
        let outcome = try Program.run(["inspect", Program.model, "--image", photo, "--first-step"])
        #expect(outcome.code == 0)
        #expect(outcome.output.hasPrefix("{\"first_step_logits\":["))
    }
}
