import Media
import Retrieval
import Terminal

/// Small pictures of the photos that were found, below their lines.
struct HitPreview {
    let folder: String
    let way: PictureProtocol

    /// Lines of text that a preview takes where the terminal scales it, and its pixels where not.
    private static let rows = 5
    private static let side = 120
    private static let indent = "    "

    /// What shows the photo of a hit; nil for another kind, or where its file is not there or no photo.
    func bytes(_ hit: SearchAnswer.Hit) -> [UInt8]? {
        guard hit.kind == "image", let path = hit.path, let file = file(path, hit.id),
            let bytes = try? file.contents(),
            let image = try? ImageDecoder.decode(bytes, as: .reduced(least: Self.side))
        else { return nil }
        let picture = PalettePicture(image.fitted(within: Self.side))
        return Array(Self.indent.utf8) + TerminalPicture.bytes(picture, way, rows: Self.rows) + Array("\n".utf8)
    }

    /// The file below the folder. A path is what the collection says, which others may fill: it must not lead outside.
    private func file(_ path: String, _ id: String) -> FileName? {
        let steps = path.split(separator: "/", omittingEmptySubsequences: false)
        guard !steps.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }) else { return nil }
        // A name that is no UTF-8 is whole in the id alone.
        let name = FileName(id: id).flatMap { $0.text == path ? $0 : nil } ?? FileName(path)
        return name.below(FileName(CommandLineText.bytes(of: folder)))
    }
}
