/// What the joint space says of its own inputs, of towers and of other heads.
extension SensoriumConfiguration {
    func check(_ space: ProjectionHead, _ name: String, _ reader: inout ConfigurationReader) {
        let path = "heads.\(name)"
        if let views = space.views { check(views, of: space, "\(path).views", &reader) }
        // What the views say wrongly of inputs would be said of the inputs once more.
        guard reader.problems.isEmpty else { return }
        for (part, input) in space.inputs {
            let isHidden = !space.parts.contains(part)
            check(input, of: isHidden ? Views.part : part, "\(path).inputs.\(part)", &reader)
        }
        if let things = space.things { check(things, of: space, name, &reader) }
        if let composition = space.composition { check(composition, of: space, "\(path).composition", &reader) }
    }

    private func check(
        _ views: Views, of space: ProjectionHead, _ path: String, _ reader: inout ConfigurationReader
    ) {
        guard case .classifier(let head)? = heads[views.head] else {
            let found = heads[views.head]?.type ?? "missing"
            return reader.demand(false, "\(path).head", views.head, fits: "heads.\(views.head)", found)
        }
        reader.demand(
            head.inputs.names == [Views.part], "\(path).head", views.head, fits: "heads.\(views.head).inputs",
            head.inputs.names.joined(separator: ", "))
        reader.demand(
            Set(head.labels) == Set(views.inputs.names), "\(path).inputs",
            "an object with \(views.inputs.names.joined(separator: ", "))", fits: "heads.\(views.head).labels",
            head.labels.joined(separator: ", "))
        reader.demand(
            views.inputs[Views.names[0]] == Views.part, "\(path).inputs.\(Views.names[0])",
            views.inputs[Views.names[0]] ?? "missing", fits: "the part", Views.part)
        for (view, name) in views.inputs {
            guard let input = space.inputs[name] else {
                reader.demand(false, "\(path).inputs.\(view)", name, fits: "inputs.\(name)", "missing")
                continue
            }
            // One pass of one tower is read by all of them.
            reader.demand(
                input.tower == head.inputs[Views.part]?.tower, "\(path).inputs.\(view)", name,
                fits: "heads.\(views.head).inputs.\(Views.part).tower", head.inputs[Views.part]?.tower ?? "missing")
        }
    }

    private func check(
        _ composition: Composition, of space: ProjectionHead, _ path: String, _ reader: inout ConfigurationReader
    ) {
        for (key, name) in [("image", composition.image), ("text", composition.text)] {
            reader.demand(
                name == key && space.inputs[name] != nil, "\(path).\(key)", name, fits: "the part", key)
        }
    }
}
