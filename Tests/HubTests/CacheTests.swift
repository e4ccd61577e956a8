import Foundation
import TemporaryFolders
import Testing

@testable import Hub

@Suite struct `The Hub's cache` {
    @Test(arguments: [
        (["HOME": "/home/a"], "/home/a/.cache/huggingface/hub"),
        (["HOME": "/home/a", "XDG_CACHE_HOME": "/x"], "/x/huggingface/hub"),
        (["HOME": "/home/a", "HF_HOME": "~/hf"], "/home/a/hf/hub"),
        (["HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old"], "/old"),
        (["HF_HOME": "/hf", "HUGGINGFACE_HUB_CACHE": "/old", "HF_HUB_CACHE": "$DISK/new", "DISK": "/d"], "/d/new"),
    ]) func `is where the variables of huggingface_hub say`(_ environment: [String: String], _ folder: String) {
        #expect(HubSettings(environment).cache == folder)
    }

    @Test(arguments: [
        ("org/name", "org/name", "main"), ("org/name@v1.0", "org/name", "v1.0"),
        ("org/name@refs/pr/1", "org/name", "refs/pr/1"), ("gpt2", "gpt2", "main"),
    ]) func `names are read`(_ text: String, _ repository: String, _ revision: String) {
        let reference = HubReference(text)
        #expect(reference?.repository == repository && reference?.revision == revision)
    }

    @Test(arguments: [
        "", "/", "org/", "/name", "a/b/c", "../name", "org/..", "org/a--b", "org/name@", "org/name@../x", "org/na me",
        "org/name@a?b", "./models/base", "org/.name", "~/model",
    ]) func `what is no name is none`(_ text: String) {
        #expect(HubReference(text) == nil)
    }

    @Test func `a folder is a folder, whatever the cache has`() throws {
        let folder = try TemporaryFolder()
        try folder.write("{}", to: "org/tiny/config.json")
        let location = try ModelLocation(folder.url("org/tiny").path, settings: HubSettings(["HF_HUB_CACHE": "/none"]))
        #expect(location.name == "tiny" && location.folder == folder.url("org/tiny").path)
    }

    @Test func `what is not there is said with the command that fetches it`() throws {
        let cache = try TemporaryFolder()
        let settings = HubSettings(["HF_HUB_CACHE": cache.path])
        func sentence(_ name: String = "org/tiny") -> String {
            do throws(HubError) { return try ModelLocation(name, settings: settings).folder } catch {
                return "\(error)"
            }
        }
        #expect(sentence().contains("sensorium pull org/tiny"))
        // A word alone is the name of a folder, which others say is not there.
        #expect(sentence("tiny") == "tiny")
        try cache.write("abc", to: "models--org--tiny/refs/main")
        #expect(sentence().contains("revision main"))
        try cache.write("{}", to: "models--org--tiny/snapshots/abc/tokenizer.json")
        #expect(sentence().contains("config.json is missing"))
        try cache.write("{}", to: "models--org--tiny/snapshots/abc/config.json")
        #expect(sentence().contains("model.safetensors is missing"))
        try FileManager.default.createSymbolicLink(
            atPath: cache.url("models--org--tiny/snapshots/abc/model.safetensors").path,
            withDestinationPath: "../../blobs/gone")
        #expect(sentence().contains("the content of model.safetensors is missing"))
        try cache.write("w", to: "models--org--tiny/blobs/gone")
        #expect(sentence() == cache.url("models--org--tiny/snapshots/abc").path)
        #expect(sentence("org/tiny@v2").contains("sensorium pull org/tiny@v2"))
    }

    @Test(arguments: [
        ("hello\n", true, "ce013625030ba8dba906f756967f9e9ca394464a"),
        ("", true, "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"),
        ("abc", false, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ]) func `contents have the names that git and SHA-256 give them`(_ text: String, _ isGit: Bool, _ name: String) {
        #expect(LoopbackHub.digest(Array(text.utf8), isGit: isGit) == name)
    }

    @Test func `of weights in several forms one is taken, and of folders those of modules`() {
        let paths = [
            "config.json", "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin",
            "0_Transformer/config.json",
            "0_Transformer/pytorch_model.bin", "2_Dense/model.safetensors", "2_Dense/pytorch_model.bin",
            "openvino/config.json",
            "sentence_xlm-roberta_config.json", "model.fp16.safetensors",
        ]
        let (needed, indices) = NeededFiles.selected(of: paths)
        #expect(
            needed == [
                "config.json", "model.safetensors", "0_Transformer/config.json", "0_Transformer/pytorch_model.bin",
                "2_Dense/model.safetensors", "sentence_xlm-roberta_config.json",
            ])
        #expect(indices == [])
    }
}
