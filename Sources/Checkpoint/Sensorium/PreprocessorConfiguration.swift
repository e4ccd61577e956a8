import JSON

/// `preprocessor_config.json`: how an image becomes the input of the image tower. The keys are Hugging Face's.
public struct PreprocessorConfiguration: Sendable, Equatable {
    /// Width in pixels that the image is resized to, its aspect ratio ignored.
    public let width: Int
    /// Height in pixels.
    public let height: Int
    /// The filter by Pillow's number: 2 bilinear, 3 bicubic.
    public let resample: Int
    /// What pixels are multiplied by before mean and deviation: `rescale_factor` with `do_rescale`, else 1.
    public let scale: Double
    /// Subtracted from red, green and blue.
    public let mean: [Float]
    /// What red, green and blue are divided by then.
    public let deviation: [Float]
}

extension PreprocessorConfiguration {
    static func read(_ root: JSONCursor) -> Result<PreprocessorConfiguration, ConfigurationProblems> {
        var reader = ConfigurationReader(file: "preprocessor_config.json", root)
        let size = reader.object("size") { size in
            (size.integer("width", in: 1...4096), size.integer("height", in: 1...4096))
        }
        let configuration = PreprocessorConfiguration(
            width: size.0, height: size.1,
            resample: reader.integer("resample", in: 2...3),
            scale: reader.boolean("do_rescale") ? reader.optionalNumber("rescale_factor") ?? 1 / 255 : 1,
            mean: reader.numbers("image_mean", count: 3),
            deviation: reader.numbers("image_std", count: 3))
        reader.demand(
            !configuration.deviation.contains { $0 <= 0 }, "image_std", configuration.deviation,
            fits: "a deviation", "above zero")
        reader.demand(
            configuration.scale > 0, "rescale_factor", configuration.scale, fits: "a factor", "above zero")
        return reader.problems.isEmpty
            ? .success(configuration) : .failure(ConfigurationProblems(list: reader.problems))
    }
}
