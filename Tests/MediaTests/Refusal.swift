import Media
import Testing

/// What the decoder says to `bytes`: nil when it decodes them.
func refusal(of bytes: [UInt8], limits: ImageLimits = ImageLimits()) -> MediaError? {
    do throws(MediaError) {
        _ = try ImageDecoder.decode(bytes, limits: limits)
        return nil
    } catch {
        return error
    }
}

/// Expects a refusal with this code whose sentence has this word in it.
func expectRefusal(
    _ bytes: [UInt8], _ code: String, saying word: String = "", limits: ImageLimits = ImageLimits(),
    sourceLocation: SourceLocation = #_sourceLocation
) {
    let error = refusal(of: bytes, limits: limits)
    #expect(error?.code == code, "\(error?.description ?? "decoded")", sourceLocation: sourceLocation)
    #expect(
        error?.description.contains(word) == true || word.isEmpty, "\(error?.description ?? "decoded")",
        sourceLocation: sourceLocation)
}
