/// `config.json` of a checkpoint of `model_type` "sensorium", read and checked: which towers encode what, and which heads
/// answer what from their tokens. What a checkpoint is made of is data: see docs/guides/train-your-own-head.md.
public struct SensoriumConfiguration: Sendable, Equatable {
    /// The only `model_type` that this build reads.
    public static let modelType = "sensorium"

    /// The name of the checkpoint, such as "sensorium-base".
    public let name: String
    /// The width of the caption head; 0 where a checkpoint without one does not say.
    public let width: Int
    /// The towers, each encoding one kind of input. The name is the prefix of a tower's tensors.
    public let towers: Named<Tower>
    /// The heads, each answering one task. The name is the prefix of a head's tensors.
    public let heads: Named<Head>
    /// How sure heads are of their answers, by the names of the heads; a head that is not there does not say.
    public let confidence: Named<Confidence>
}

extension Named<SensoriumConfiguration.Tower> {
    /// The first tower of whole pictures, which captions are written from; nil where there is none.
    public var image: SensoriumConfiguration.ImageTower? { firstImage?.tower }

    /// The first tower of texts; nil where there is none.
    public var text: SensoriumConfiguration.TextTower? { firstText?.tower }

    /// The first tower of whole pictures with its name.
    public var firstImage: (name: String, tower: SensoriumConfiguration.ImageTower)? {
        for case (let name, .image(let tower)) in self { return (name, tower) }
        return nil
    }

    /// The first tower of texts with its name.
    public var firstText: (name: String, tower: SensoriumConfiguration.TextTower)? {
        for case (let name, .text(let tower)) in self { return (name, tower) }
        return nil
    }
}

extension Named<SensoriumConfiguration.Head> {
    /// The caption head; nil where there is none.
    public var caption: SensoriumConfiguration.CaptionHead? {
        for case (_, .caption(let head)) in self { return head }
        return nil
    }

    /// The name of the caption head; nil where there is none.
    public var nameOfCaption: String? {
        for case (let name, .caption) in self { return name }
        return nil
    }

    /// The head that projects into the joint space with its name; nil where there is none.
    public var space: (name: String, head: SensoriumConfiguration.ProjectionHead)? {
        for case (let name, .projection(let head)) in self { return (name, head) }
        return nil
    }
}
