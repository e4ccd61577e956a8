/// What waits for a turn: one of each owner in rotation, and an owner's own in the order in which they came.
///
/// How soon an owner's turn comes depends on how many owners wait, not on how much any of them brings. What was not done
/// after its turn stands in a rotation of its own, which has every other turn: so what is short waits for one turn of what is long.
struct TurnQueue<Owner: Hashable, Element> {
    private var first = Rotation<Owner, Element>()
    private var further = Rotation<Owner, Element>()
    private var isFurthersTurn = false

    var isEmpty: Bool { first.isEmpty && further.isEmpty }

    /// Adds something behind what waits of that owner.
    /// - Parameter again: it just had a turn and was not done.
    mutating func append(_ element: Element, of owner: Owner, again: Bool) {
        if again { further.append(element, of: owner) } else { first.append(element, of: owner) }
    }

    /// Takes what is next.
    mutating func popFirst() -> Element? {
        isFurthersTurn.toggle()
        return isFurthersTurn
            ? first.popFirst() ?? further.popFirst()
            : further.popFirst() ?? first.popFirst()
    }
}

/// One of each owner after the other.
private struct Rotation<Owner: Hashable, Element> {
    private var waiting: [Owner: Line<Element>] = [:]
    private var owners = Line<Owner>()

    var isEmpty: Bool { owners.isEmpty }

    mutating func append(_ element: Element, of owner: Owner) {
        waiting[owner, default: Line()].append(element)
        // Who has something else waiting stands in the rotation already.
        if waiting[owner]?.count == 1 { owners.append(owner) }
    }

    mutating func popFirst() -> Element? {
        guard let owner = owners.popFirst(), let element = waiting[owner]?.popFirst() else { return nil }
        if waiting[owner]?.isEmpty == true {
            waiting[owner] = nil
        } else {
            owners.append(owner)
        }
        return element
    }
}

/// First in, first out, in constant time on average.
private struct Line<Element> {
    private var elements: [Element] = []
    private var first = 0

    var count: Int { elements.count - first }
    var isEmpty: Bool { count == 0 }

    mutating func append(_ element: Element) { elements.append(element) }

    mutating func popFirst() -> Element? {
        guard !isEmpty else { return nil }
        let element = elements[first]
        first += 1
        if first > 32, first > elements.count / 2 {
            elements.removeFirst(first)
            first = 0
        }
        return element
    }
}
