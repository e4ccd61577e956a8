import CAudioCodecs

/// What the decoders report, sorted into "the sound is all there" and "something is missing".
///
/// They report by return values, and by words in a log that nobody gets to see. Sources: libsndfile 1.2.0 (`src/wav.c`, `flac.c`,
/// `ogg.c`, `ogg_vorbis.c`, `ogg_opus.c`, `mpeg_decode.c`), libFLAC 1.4.2 (`stream_decoder.h`), mpg123 1.31.2 (`mpg123.h`, `frame.c`),
/// libogg 1.3.5 (`framing.c`), libvorbis 1.3.7 (`synthesis.c`), libopus 1.3.1 (`opus_defines.h`).
///
/// | reported | by | what becomes of the sound | here |
/// | --- | --- | --- | --- |
/// | lengths of RIFF, data and fact that are wrong, chunks unknown or cut | log | all there | never seen: ``WAVHeader`` |
/// | a data chunk of length 0 | log, no samples | all of it is dropped | read to the end: ``WAVHeader`` |
/// | "ambiguous information", 24 bits in four bytes | log | all there, perhaps too quiet | ``WAVFormat/gain(of:in:)`` |
/// | `SFE_FLAC_LOST_SYNC`, `_BAD_HEADER`, `_UNKOWN_ERROR` (checksums of frames) | error beside samples | a frame is missing | refused |
/// | end of the file within a FLAC frame | as lost sync | a frame is missing | refused |
/// | another `fLaC` behind the last sample | nothing | the joined file is dropped | a stream of its own: ``FLACHeader`` |
/// | "Skipped %d bytes looking for the next page" | log | a page with a wrong checksum is missing | counted: too short is refused |
/// | "libogg reports a hole" | log | all that is in the file is there | taken |
/// | "File ended unexpectedly without an End-Of-Stream flag" | log | all there | taken |
/// | "Junk after the last page", another stream | log | the chained stream is dropped | a stream of its own: ``OggHeader`` |
/// | packets that `vorbis_synthesis` refuses | nothing | a packet is missing | counted: too short is refused |
/// | `opus_multistream_decode` < 0 | error | what follows is missing | refused |
/// | "Mid-stream page's granule position is less" | error | what follows is missing | refused |
/// | first position of a live stream | log | all there | taken: ``OggSound`` |
/// | `MPG123_NEW_FORMAT` | error | what follows is missing | a stream of its own: ``MP3Header`` |
/// | `MPG123_ERR` at a cut frame or a tag | error | what is before is there | never seen: ``MP3Header`` gives whole frames |
/// | number of frames in notes that is too small | nothing | what follows is dropped | corrected: ``MP3Notes`` |
/// | "Xing stream size off", "fuzzy seeking" | standard error | all there | taken |
/// | resync, missing bit reservoir | nothing | a frame or two are silent | taken: it is what a cut at a byte leaves |
enum AudioDamage {
    /// Seconds of a stream that may be missing without anybody hearing it, beyond what its format allows.
    private static let tolerance = 0.1

    /// Refuses a stream of which less came out than its frames or pages hold.
    static func check(_ stream: AudioStream, decoded: Double) throws(MediaError) {
        guard let frames = stream.frames else { return }
        let held = Double(frames) / Double(stream.sampleRate)
        let least = Double(frames - stream.slack) / Double(stream.sampleRate) - tolerance
        guard decoded < least else { return }
        throw .undecodableAudio(
            format: stream.format,
            reason: "only \(tenths(decoded)) of the \(tenths(held)) seconds in it can be decoded, for it is damaged")
    }

    private static func tenths(_ seconds: Double) -> String { "\((seconds * 10).rounded() / 10)" }

    /// The refusal that a code of the decoder means.
    static func refusal(_ code: Int32, _ format: AudioFormat) -> MediaError {
        .undecodableAudio(format: format, reason: reason(Int(code), format))
    }

    private static func reason(_ code: Int, _ format: AudioFormat) -> String {
        switch code {
        case sound_out_of_memory: return "there was no memory for it"
        case sound_not_finite: return "it has samples that are no finite number, or far beyond -1 and 1"
        case sound_mismatch: return "it tells its channels or its rate twice, differently"
        case sound_not_begun:
            switch format {
            case .wav: return "its header is not read"
            case .flac: return "its first frame is damaged or cut"
            case .ogg, .opus: return "its headers are damaged or cut"
            case .mp3: return "its first frame is damaged or cut"
            }
        default:
            switch format {
            case .wav: return "its samples cannot be read"
            case .flac: return "a frame of it is damaged or cut (the decoder lost sync, or a checksum is wrong)"
            case .ogg, .opus: return "a packet of it is damaged"
            case .mp3: return "a frame of it is damaged"
            }
        }
    }
}
