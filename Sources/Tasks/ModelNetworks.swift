import Checkpoint
import Networks

/// The networks of a checkpoint: whatever its configuration has, read from its weights. What else there is to a model, such as its
/// tokenizer, is not asked, so that all its tensors can be looked at whatever is wrong with the rest.
struct ModelNetworks {
    let towers: Towers
    private(set) var classifiers: [String: ClassifierHead] = [:]
    private(set) var linearHeads: [String: LinearHead] = [:]
    /// The first head that projects into a joint space; nil where there is none.
    private(set) var projection: ProjectionHead?
    /// Of the classifiers whose answers may be names.
    private(set) var namedAnswers: [String: NamedAnswers] = [:]
    /// Those of the caption head; nil where there is none.
    private(set) var caption: Captioner.Networks?
    /// The first of its kind; nil where there is none.
    private(set) var faceFinder: FaceFinder?
    /// nil for a checkpoint that has not both a finder and a reader of texts.
    let words: WordReader?

    init(_ weights: Weights, _ configuration: SensoriumConfiguration) {
        let described = configuration.towers
        var (textFinder, textReader): (TextFinder?, TextReader?)
        for (name, tower) in described {
            switch tower {
            case .faceFinder:
                let finder = FaceFinder(weights[name])
                faceFinder = faceFinder ?? finder
            case .textFinder:
                let finder = TextFinder(weights[name])
                textFinder = textFinder ?? finder
            case .textReader(let configuration):
                let reader = TextReader(weights[name], configuration)
                textReader = textReader ?? reader
            case .image, .imageBranch, .text, .textBranch, .audio, .face, .features: break
            }
        }
        words = WordReader(textFinder, textReader)
        for case (let name, .linear(let head)) in configuration.heads {
            linearHeads[name] = LinearHead(weights[name], head, towers: described)
        }
        towers = Towers(weights, configuration, heads: linearHeads)
        let names = towers.sight?.names
        for (name, head) in configuration.heads {
            switch head {
            case .caption(let head):
                caption = described.image.map {
                    Captioner.Networks(weights["caption"], head, tower: $0, width: configuration.width)
                }
            case .classifier(let head):
                classifiers[name] = ClassifierHead(weights[name], head, towers: described)
                // The configuration was checked: there is a space, and what tells things apart.
                guard head.things != nil, let names, let space = configuration.heads.space?.name else { continue }
                namedAnswers[name] = NamedAnswers(
                    weights[name], labels: head.labels, names: names, space: weights[space],
                    dimensions: head.fusion.match?.dimensions ?? 0)
            case .projection(let head):
                let space = ProjectionHead(
                    weights[name], head, towers: described, names: configuration.heads.seenNames)
                projection = projection ?? space
            case .linear: break
            }
        }
    }
}
