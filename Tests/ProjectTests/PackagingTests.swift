import Foundation
import Testing

/// What `make deb` and `make install` put beside the program; scripts/package/test.sh tries the whole of it.
@Suite struct `Packaging` {
    private let folder = SourceTree().root.appending(path: "scripts/package")

    private func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    /// The values of each key of the unit.
    private func unit() throws -> [String: [String]] {
        var values: [String: [String]] = [:]
        for line in try text("sensorium.service").split(separator: "\n") where !line.hasPrefix("#") {
            let halves = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if halves.count == 2 { values[String(halves[0]), default: []].append(String(halves[1])) }
        }
        return values
    }

    @Test func `the service has a user and folders of its own, and no privileges`() throws {
        let unit = try unit()
        #expect(unit["ExecStart"] == ["@bindir@/sensorium serve"])
        #expect(unit["User"] == ["sensorium"] && unit["StateDirectory"] == ["sensorium"])
        #expect(unit["DynamicUser"] == nil)
        #expect(unit["ProtectSystem"] == ["strict"])
        #expect(unit["CapabilityBoundingSet"] == [""] && unit["AmbientCapabilities"] == [""])
        for key in [
            "NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "ProtectKernelTunables",
            "ProtectKernelModules", "ProtectControlGroups", "RestrictSUIDSGID", "MemoryDenyWriteExecute",
        ] {
            #expect(unit[key] == ["yes"], "\(key)")
        }
    }

    @Test func `the service leaves its decoders what they confine themselves with`() throws {
        let unit = try unit()
        let words: (String) -> Set<Substring> = { Set((unit[$0]?.last ?? "").split(separator: " ")) }
        #expect(words("RestrictNamespaces") == ["user", "net", "ipc"])
        #expect(
            words("SystemCallFilter").isSuperset(of: [
                "@system-service", "landlock_create_ruleset", "landlock_restrict_self", "seccomp",
            ]))
        // To the fork server, over a pair of sockets.
        #expect(words("RestrictAddressFamilies").contains("AF_UNIX"))
        // How much memory and processor the service may use stands in files that are not of processes.
        #expect(unit["ProcSubset"] == nil)
    }

    @Test func `stopping the service waits for all that the server waits for`() throws {
        let seconds = try #require(unit()["TimeoutStopSec"]?.first.flatMap { Int($0) })
        // --lame-duck-seconds and --drain-seconds
        #expect(seconds > 5 + 30)
    }

    @Test func `the Debian package says what a package has to`() throws {
        let fields = try text("debian/control").split(separator: "\n").filter { !$0.hasPrefix(" ") }.map {
            String($0.prefix { $0 != ":" })
        }
        #expect(
            Set(fields).isSuperset(of: [
                "Package", "Version", "Architecture", "Maintainer", "Installed-Size", "Depends", "Section", "Priority",
                "Description",
            ]))
        // The user is made by adduser, and purging asks by debconf.
        let depends = try #require(text("debian/control").firstMatch(of: /\nDepends: (.*)\n/)).output.1
        #expect(depends.contains("@libraries@") && depends.contains("adduser") && depends.contains("debconf"))
        for line in try text("debian/control").split(separator: "\n") where line.hasPrefix(" ") {
            #expect(line.utf8.count <= 80)
        }
    }

    @Test(arguments: ["postinst", "prerm", "postrm"])
    func `a maintainer's script ends at the first error`(_ name: String) throws {
        #expect(try text("debian/\(name)").hasPrefix("#!/bin/sh\nset -e\n"))
    }

    @Test func `purging takes collections only where somebody says so`() throws {
        let script = try text("debian/postrm")
        let question = try #require(script.range(of: "db_get sensorium/purge-data"))
        let removal = try #require(script.range(of: "rm -rf /var/lib/sensorium"))
        #expect(question.upperBound < removal.lowerBound)
        #expect(try text("debian/templates").contains("Default: false"))
    }
}
