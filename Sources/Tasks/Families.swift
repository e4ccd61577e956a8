import Checkpoint
import Dispatch

/// The families of checkpoints, by the `model_type` of their `config.json`.
public enum Families {
    private typealias Loader = @Sendable (Checkpoint, Compute) throws -> any Model

    private static let loaders = ofOneKind + ofTexts + ofSpeech + ofPicturesAndTexts

    private static let ofOneKind: [(type: String, load: Loader)] = [
        (SensoriumConfiguration.modelType, { try LoadedModel.load($0, compute: $1) }),
        (WhisperConfiguration.modelType, { try WhisperModel.load($0, compute: $1) }),
        (CLIPConfiguration.modelType, { try ContrastiveModel.loadCLIP($0, compute: $1) }),
        (BLIPConfiguration.modelType, { try loadBLIP($0, compute: $1) }),
        (SigLIPConfiguration.modelType, { try ContrastiveModel.loadSigLIP($0, compute: $1) }),
        (CLAPConfiguration.modelType, { try SoundTextModel.load($0, compute: $1) }),
        (ImageModelConfiguration.Family.vit.rawValue, { try ImageModel.load($0, .vit, compute: $1) }),
        (ImageModelConfiguration.Family.dinov2.rawValue, { try ImageModel.load($0, .dinov2, compute: $1) }),
        (ImageModelConfiguration.Family.clip.rawValue, { try ImageModel.load($0, .clip, compute: $1) }),
        (ImageModelConfiguration.Family.siglip.rawValue, { try ImageModel.load($0, .siglip, compute: $1) }),
    ]

    private static let ofPicturesAndTexts: [(type: String, load: Loader)] = SmolVLMConfiguration.modelTypes.map {
        ($0, { try SmolVLMModel.load($0, compute: $1) })
    }

    /// An encoder of texts answers by its head, where it has one.
    private static let ofTexts: [(type: String, load: Loader)] = TextEncoder.Family.allCases.map { family in
        (
            family.rawValue,
            { folder, compute in
                if SequenceClassifierConfiguration.describes(folder) {
                    return try TextClassifierModel.load(folder, compute: compute)
                }
                return try SentenceModel.load(folder, compute: compute)
            }
        )
    }

    /// An encoder of speech tells sounds by labels or writes down what is said.
    private static let ofSpeech: [(type: String, load: Loader)] = SpeechConfiguration.Family.allCases.map { family in
        (
            family.rawValue,
            { folder, compute in
                let configuration = try SpeechConfiguration(folder, family)
                switch configuration.head {
                case .classifier(let head):
                    return try SpeechClassifierModel(folder, configuration, head, compute: compute)
                case .letters(let letters):
                    return try SpeechWriterModel(folder, configuration, letters: letters, compute: compute)
                }
            }
        )
    }

    /// A BLIP answers by what it was made for.
    private static func loadBLIP(_ folder: Checkpoint, compute: Compute) throws -> any Model {
        let configuration = try BLIPConfiguration(folder)
        switch configuration.kind {
        case .captioning, .questionAnswering:
            return try BLIPGenerator(folder, configuration, compute: compute)
        case .retrieval: return try BLIPRetriever(folder, configuration, compute: compute)
        }
    }

    /// The model in a folder, packed for this machine. Throws what is wrong with the folder.
    public static func load(_ directory: String, compute: Compute) throws -> any Model {
        // A folder without a type is looked at as ours, which says all that it lacks.
        let folder = Checkpoint(directory)
        let type = folder.modelType ?? SensoriumConfiguration.modelType
        if type == "siglip2" { throw nativeResolution(directory) }
        guard let family = loaders.first(where: { $0.type == type }) else {
            throw CheckpointError(
                directory: directory,
                problems: [.unsupported(key: "model_type", found: type, supported: loaders.map(\.type))])
        }
        // Both go through all bytes of the files. Ended here, whatever is found: a process may end where a model cannot be loaded.
        let digest = DispatchWorkItem { _ = folder.digest }
        DispatchQueue.global().async(execute: digest)
        defer { digest.wait() }
        return try family.load(folder, compute)
    }

    /// SigLIP 2's variant that looks at pictures in their own shape. Its other checkpoints have the type of SigLIP.
    private static func nativeResolution(_ directory: String) -> CheckpointError {
        CheckpointError(
            directory: directory,
            problems: [
                .unsupported(
                    key: "model_type", found: "siglip2 (NaFlex, pictures in their own shape)",
                    supported: ["siglip, which the checkpoints of SigLIP 2 with a fixed resolution are"])
            ])
    }
}
