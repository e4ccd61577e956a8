/// Items whose file is not where it was. A file that moved is known again by its kind, size and time.
struct MissingItems {
    /// By the size of their files, in the order of their ids.
    private var items: [Int: [(id: ItemID, origin: IndexedOrigin)]]

    init(_ items: [ItemID: IndexedOrigin]) {
        self.items = Dictionary(
            grouping: items.sorted { $0.key < $1.key }.map { (id: $0.key, origin: $0.value) },
            by: \.origin.stamp.bytes)
    }

    /// Their ids, in order.
    var ids: [ItemID] { items.values.joined().map(\.id).sorted() }

    /// Takes out the item of a file that turned up at another place; nil where it is that of none. One file accounts for one
    /// item: of several copies that are gone, the others are missed.
    mutating func takeOut(foundAs origin: IndexedOrigin) -> ItemID? {
        let size = origin.stamp.bytes
        guard let place = items[size]?.firstIndex(where: { $0.origin.fits(origin) }) else { return nil }
        return items[size]?.remove(at: place).id
    }
}
