extension SensoriumConfiguration {
    /// What people call the things that the labels of a head stand for, and the nouns above them.
    ///
    ///     "names": {"of_labels": ["lion", "dog", "dog"], "above": {"lion": "big cat", "big cat": "animal"},
    ///               "most": 5, "floor": 0.05}
    public struct LabelNames: Sendable, Equatable {
        /// The everyday name of each label; several may share one.
        public let ofLabels: [String]
        /// The nearest noun above a label, or above such a noun.
        public let above: [String: String]
        /// So many names are seen in a picture, the likeliest.
        public let most: Int
        /// Names less likely than this are not seen.
        public let floor: Float

        init(reading reader: inout ConfigurationReader, labels: Int, path: String) {
            reader.refuseKeys(except: ["of_labels", "above", "most", "floor"])
            ofLabels = reader.strings("of_labels")
            above =
                reader.optionalObject("above") { nouns in
                    Dictionary(uniqueKeysWithValues: nouns.keys.map { ($0, nouns.string($0)) })
                } ?? [:]
            most = reader.integer("most", in: 1...64)
            floor = reader.fraction("floor")
            reader.demand(
                ofLabels.count == labels, "of_labels", "an array of \(ofLabels.count)", fits: path,
                "an array of \(labels)")
            for (noun, start) in above {
                // Whoever goes up must come to an end.
                var (seen, next) = (Set([noun]), Optional(start))
                while let above = next, seen.insert(above).inserted { next = self.above[above] }
                reader.demand(next == nil, "above", "a way up from \"\(noun)\"", fits: "a tree", "a circle")
            }
        }

        /// The nouns above a label, the nearest first.
        public func nouns(above label: String) -> [String] {
            var found: [String] = []
            var next = above[label]
            while let noun = next {
                found.append(noun)
                next = above[noun]
            }
            return found
        }
    }

    /// Notes where a head that is told of things is told by one that cannot: it is linear, has names, and reads a branch of the
    /// first image tower.
    func checkSeeing(_ name: String, _ path: String, _ reader: inout ConfigurationReader) {
        guard case .linear(let head)? = heads[name] else {
            return reader.demand(false, path, name, fits: "heads.\(name)", heads[name]?.type ?? "missing")
        }
        reader.demand(head.names != nil, path, name, fits: "heads.\(name).names", "missing")
        reader.demand(name == heads.nameOfSeeing, path, name, fits: "what other heads are told by", "another head")
        let tower = head.inputs.values.first?.tower ?? ""
        if case .imageBranch(let branch)? = towers[tower], branch.trunk == towers.firstImage?.name { return }
        reader.demand(
            false, path, name, fits: "towers.\(tower)",
            "\(towers[tower]?.type ?? "missing"), not a branch of the first image tower")
    }
}

extension Named<SensoriumConfiguration.Head> {
    /// The head that tells others what is seen; nil where none is told.
    public var nameOfSeeing: String? {
        if let told = caption?.things?.head ?? space?.head.things?.head { return told }
        for case (_, .classifier(let head)) in self { if let told = head.things { return told } }
        return nil
    }

    /// The distinct names of what is seen.
    public var seenNames: Int {
        guard case .linear(let head)? = nameOfSeeing.flatMap({ self[$0] }) else { return 0 }
        return Set(head.names?.ofLabels ?? []).count
    }
}
