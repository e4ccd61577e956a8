import Foundation
import Testing

@testable import Media

@Suite struct `What a file is` {
    private func beginning(_ name: String) throws -> [UInt8] {
        Array(try Fixtures.bytes(name).prefix(FileSort.bytes))
    }

    @Test(arguments: ["jpg", "jfif", "jpe", "txt", ""]) func `an image is one by its bytes`(_ ending: String) throws {
        #expect(FileSort(beginning: try beginning("coffee.jpg"), ending: ending) == .image)
        #expect(FileSort(beginning: try beginning("chelsea-260.png"), ending: ending) == .image)
    }

    @Test(arguments: ["voice.flac", "adpcm.wav", "voice.ogg", "voice.opus", "voice.mp3"])
    func `a sound is one by its bytes`(_ name: String) throws {
        #expect(FileSort(beginning: try beginning("audio/\(name)"), ending: "") == .audio)
    }

    @Test func `what is promised by a name alone is left to the decoder`() {
        let text = Array("<!doctype html><html>".utf8)
        for ending in ["jpg", "jpe", "png"] { #expect(FileSort(beginning: text, ending: ending) == .image) }
        for ending in ["mp3", "oga", "opus", "wav"] { #expect(FileSort(beginning: [], ending: ending) == .audio) }
    }

    @Test(arguments: [
        ("\0\0\0\u{18}ftypM4A \0\0", "m4a", "M4A audio"), ("\0\0\0\u{18}ftypisom\0\0", "mp4", "MP4 file"),
        ("%PDF-1.7", "pdf", "PDF document"), ("hello", "txt", ".txt"), ("hello", "", "file of no known kind"),
        ("", "txt", "empty file"), ("BMW is a make of cars.", "txt", ".txt"), ("BM", "", "file of no known kind"),
        ("hello", "7z", ".7z"), ("hello", "1", "file of no known kind"), ("hello", "häh", "file of no known kind"),
        ("hello", "\u{1B}[2j", "file of no known kind"), ("hello", "ninechars", "file of no known kind"),
    ])
    func `other files have a name to be counted by`(_ bytes: String, _ ending: String, _ name: String) {
        #expect(FileSort(beginning: Array(bytes.utf8), ending: ending) == .other(name))
    }

    @Test func `a BMP with another ending is one by its header`() throws {
        for ending in ["bmp", "txt", ""] {
            #expect(FileSort(beginning: try beginning("bmp/24.bmp"), ending: ending) == .image)
        }
        #expect(FileSort(beginning: Array("BMW".utf8), ending: "bmp") == .image)
    }

    @Test func `a TIFF with the ending of something else, as cameras' raw files have, is counted by that`() throws {
        let tiff = try beginning("tiff/plain.tif")
        for ending in ["tif", "tiff", "", "jpg"] { #expect(FileSort(beginning: tiff, ending: ending) == .image) }
        for ending in ["dng", "nef"] { #expect(FileSort(beginning: tiff, ending: ending) == .other(".\(ending)")) }
        #expect(FileSort(beginning: tiff, ending: "1") == .other("file of no known kind"))
    }

    @Test func `every format has endings, in small letters`() {
        let endings = ImageFormat.allCases.flatMap(\.endings) + AudioFormat.allCases.flatMap(\.endings)
        #expect(Set(endings).count == endings.count && endings.allSatisfy { $0 == $0.lowercased() && !$0.isEmpty })
    }
}
