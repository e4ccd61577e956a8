import Retrieval

extension Problem {
    /// What the client is told of an error of the collections. Nil where the cause is the server's own fault.
    init?(_ error: RetrievalError) {
        let sentence = error.description
        switch error {
        case .invalidName, .invalidID: self.init(.invalidOption, sentence)
        case .unknownCollection: self.init(.unknownCollection, sentence)
        case .unknownItem: self.init(.unknownItem, sentence)
        case .wrongDimension, .invalidDimension, .notFinite, .zeroVector:
            self.init(.invalidFeatures, sentence, members: ["part": .string("embedding")])
        case .metadataTooLarge(_, let limit):
            self.init(.bodyTooLarge, sentence, members: ["part": .string("metadata"), "limit": .integer(limit)])
        case .otherModel(let collection, _, _):
            self.init(.otherModel, sentence, members: ["collection": .string(collection)])
        case .tooManyCollections, .storageFull: self.init(.storageFull, sentence)
        case .busy: self = .retryLater(.queueFull, sentence + " Try again later.")
        case .closed: self = .isDraining
        case .damaged: self.init(.storageDamaged, sentence)
        case .storageFailed, .damagedFolder, .unusableFolder, .folderInUse, .unreadable: return nil
        }
    }
}

/// What the log says of a damaged item. Which one it is stands in the answer: logs have nothing that clients sent.
struct StorageDamage: Error, CustomStringConvertible {
    /// A sentence for the operator.
    let description =
        "An item is not as it was written. End the server; \"sensorium collections check\" lists which, and \"sensorium "
        + "collections repair\" keeps the others."
}
