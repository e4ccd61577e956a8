/// What towers and heads say of each other.
extension SensoriumConfiguration {
    func checkTogether(_ reader: inout ConfigurationReader) {
        checkNames(&reader)
        for case (let name, .textBranch(let branch)) in towers { check(branch, name, &reader) }
        for case (let name, .imageBranch(let branch)) in towers {
            if case .image? = towers[branch.trunk] { continue }
            reader.demand(
                false, "towers.\(name).of", branch.trunk, fits: "towers.\(branch.trunk)",
                towers[branch.trunk].map(\.type) ?? "missing")
        }
        if let caption = heads.caption { check(caption, &reader) }
        for (name, head) in heads {
            if case .projection(let space) = head {
                check(space, name, &reader)
            } else {
                for (part, input) in head.inputs { check(input, of: part, "heads.\(name).inputs.\(part)", &reader) }
            }
        }
        for case (let name, .classifier(let head)) in heads {
            if let things = head.things {
                checkSeeing(things, "heads.\(name).things.head", &reader)
                reader.demand(
                    head.task == .vqa && !head.saysAlone && head.fusion.match?.inputs["question"] != nil,
                    "heads.\(name).things", "present", fits: "heads.\(name)",
                    "a head without the task vqa, alone = false and a match of the question")
                reader.demand(
                    heads.space?.head.things != nil, "heads.\(name).things", "present",
                    fits: "heads.\(heads.space?.name ?? "space").things", "missing")
            }
            guard let match = head.fusion.match else { continue }
            check(match, of: head, "heads.\(name).fusion.match", &reader)
        }
        for (name, confidence) in confidence { check(confidence, of: name, &reader) }
        checkTasks(&reader)
    }

    /// Names begin the names of tensors, and heads are asked for by theirs.
    private func checkNames(_ reader: inout ConfigurationReader) {
        for (key, names) in [("towers", towers.names), ("heads", heads.names)] {
            for name in names {
                reader.demand(
                    (1...64).contains(name.utf8.count) && name.utf8.allSatisfy(\.isOfNames), key,
                    "an object with the key \"\(name)\"", fits: "a name", "1 to 64 of A-Z a-z 0-9 _ -")
            }
        }
        for name in heads.names {
            reader.demand(
                towers[name] == nil, "heads.\(name)", "present", fits: "towers.\(name)",
                "present too, so that their tensors cannot be told apart")
        }
    }

    private func check(_ branch: TextBranch, _ name: String, _ reader: inout ConfigurationReader) {
        guard case .text(let trunk)? = towers[branch.trunk] else {
            let found = towers[branch.trunk].map(\.type) ?? "missing"
            reader.demand(false, "towers.\(name).of", branch.trunk, fits: "towers.\(branch.trunk)", found)
            return
        }
        reader.demand(
            branch.fromLayer <= trunk.layers, "towers.\(name).from_layer", branch.fromLayer,
            fits: "towers.\(branch.trunk).num_hidden_layers", trunk.layers)
    }

    private func check(_ caption: CaptionHead, _ reader: inout ConfigurationReader) {
        reader.demand(
            width % caption.attentionHeads == 0, "width", width, fits: "heads.caption.attention_heads",
            caption.attentionHeads)
        reader.demand(towers.image != nil, "heads.caption", "present", fits: "towers.image", "missing")
        if let things = caption.things { checkSeeing(things.head, "heads.caption.things.head", &reader) }
        if let text = towers.text, let largest = caption.vocabulary.max() {
            reader.demand(
                largest < text.vocabularySize, "heads.caption.vocabulary", "an array with the id \(largest)",
                fits: "towers.text.vocab_size", text.vocabularySize)
        }
    }

    func check(_ input: HeadInput, of part: String, _ path: String, _ reader: inout ConfigurationReader) {
        guard let modality = Self.modality(ofPart: part) else {
            reader.refuse(path, part, supported: Self.parts)
            return
        }
        guard let tower = towers[input.tower] else {
            return reader.demand(false, "\(path).tower", input.tower, fits: "towers.\(input.tower)", "missing")
        }
        reader.demand(
            tower.modality == modality, "\(path).tower", input.tower, fits: "towers.\(input.tower).type", tower.type)
        if part.hasPrefix("features.") {
            reader.demand(part == "features.\(input.tower)", "\(path).tower", input.tower, fits: "the part", part)
        }
        if let states = input.hiddenStates {
            reader.demand(
                states.allSatisfy { $0 < tower.states }, "\(path).hidden_states", "\(states)",
                fits: "towers.\(input.tower)", "a tower of \(tower.states) hidden states")
        }
        if input.positions > 0, let tokens = mostTokens(of: tower) {
            reader.demand(
                input.positions >= tokens, "\(path).positions", input.positions, fits: "towers.\(input.tower)",
                "a tower of up to \(tokens) tokens")
        }
    }

    /// A task has one head, and there is one joint space.
    private func checkTasks(_ reader: inout ConfigurationReader) {
        var served: [ClassifierHead.Task: String] = [:]
        var space: String?
        for (name, head) in heads {
            switch head {
            case .caption, .linear: break
            case .classifier(let head):
                guard let task = head.task else { continue }
                reader.demand(
                    served[task] == nil, "heads.\(name).task", task.rawValue,
                    fits: "heads.\(served[task] ?? "").task", "the same")
                served[task] = name
            case .projection(let head):
                reader.demand(
                    space == nil, "heads.\(name).type", ProjectionHead.type, fits: "heads.\(space ?? "").type",
                    "\(ProjectionHead.type) of \(head.dimensions) dimensions")
                space = name
            }
        }
    }

    /// The names of parts that heads may have; `features.` is followed by the name of the tower.
    private static let parts = ["image", "audio", "text", "question", "features", "features.<tower>"]

    /// What kind of tower a part of this name is for; nil for a name that no part has.
    private static func modality(ofPart part: String) -> String? {
        switch part {
        case "image", "audio", "text", "features": part
        case "question": "text"
        default: part.hasPrefix("features.") ? "features" : nil
        }
    }

    /// The most tokens of a tower; nil for audio, whose length has no bound here.
    private func mostTokens(of tower: Tower) -> Int? {
        switch tower {
        case .image(let tower): tower.tokens
        case .imageBranch(let branch):
            if case .image(let trunk)? = towers[branch.trunk] { trunk.tokens } else { nil }
        case .face(let tower): tower.tokens
        case .text(let tower): tower.maxTokens
        case .textBranch(let branch):
            if case .text(let trunk)? = towers[branch.trunk] { trunk.maxTokens } else { nil }
        case .features(let tower): tower.maxTokens
        case .audio, .faceFinder, .textFinder, .textReader: nil
        }
    }
}

extension SensoriumConfiguration.Tower {
    /// The hidden states that heads may ask for.
    public var states: Int {
        if case .audio(let tower) = self { tower.layers + 1 } else { 1 }
    }
}

extension UInt8 {
    /// A letter, a digit, a hyphen or a low line.
    fileprivate var isOfNames: Bool {
        switch self {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
