import Media
import Tasks

extension LoadedModel {
    /// The image tower's input made of a photo, for looking into the model; or a failure that names the file.
    func pixels(ofFile path: String) throws -> [Float] {
        guard let preprocessor else { throw CommandFailure.failed("The model \(name) has no image tower.") }
        let image = try ImageDecoder.decode(
            try InputFile.read(path), limits: ImageLimits(maxBytes: .max), as: preprocessor.rendition)
        return preprocessor(image)
    }
}
