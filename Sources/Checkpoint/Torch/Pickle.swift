/// What a pickle says, as far as state dictionaries of PyTorch need it: a machine of Python's pickle protocol (2 to 5) that knows
/// tensors, and never calls anything.
///
/// Lists, dictionaries and tuples are rows of tables and values refer to them by number, so that neither loops nor deep nesting cost
/// more than the bytes that describe them.
struct Pickle {
    /// A value of the machine.
    enum Value: Equatable {
        case none
        case boolean(Bool)
        case integer(Int)
        case number
        case text(String)
        /// A row of ``tuples``.
        case tuple(Int)
        /// A list; nothing reads what is in it.
        case list
        /// A row of ``dictionaries``.
        case dictionary(Int)
        /// A row of ``tensors``.
        case tensor(Int)
        /// A row of ``storages``.
        case storage(Int)
        case global(Global)
    }

    /// The functions and types that state dictionaries name.
    enum Global: Equatable {
        case orderedDictionary
        case rebuildTensor
        case rebuildParameter
        case size
        /// A type of storage: "FloatStorage".
        case storage(String)

        init(module: String, name: String) throws(TorchFault) {
            switch (module, name) {
            case ("collections", "OrderedDict"): self = .orderedDictionary
            case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensor
            case ("torch._utils", "_rebuild_parameter"): self = .rebuildParameter
            case ("torch", "Size"): self = .size
            case ("torch", _) where name.hasSuffix("Storage"): self = .storage(name)
            default: throw .call("\(module).\(name)")
            }
        }
    }

    /// A storage that tensors are views of.
    struct Storage: Equatable {
        /// "FloatStorage"
        let type: String
        /// The entry `data/<key>` of the archive.
        let key: String
        /// Elements.
        let count: Int
    }

    /// A view of a storage.
    struct Tensor: Equatable {
        let storage: Storage
        /// Elements before the first.
        let offset: Int
        let shape: [Int]
        let strides: [Int]
    }

    /// The most bytes and instructions that are read: a tensor has some 200 and 40.
    static let mostBytes = 32 << 20
    static let mostInstructions = 1_000_000

    private(set) var tuples: [[Value]] = []
    private(set) var dictionaries: [[(key: Value, value: Value)]] = []
    private(set) var storages: [Storage] = []
    private(set) var tensors: [Tensor] = []

    private var bytes: PickleBytes
    private var stack: [Value] = []
    /// The heights of the stack at its marks.
    private var marks: [Int] = []
    private var memo: [Int: Value] = [:]

    /// Runs the pickle. What it leaves is ``tensorsByName(_:)``'s.
    init(_ pickle: UnsafeRawBufferPointer) throws(TorchFault) {
        bytes = PickleBytes(pickle)
        guard pickle.count <= Self.mostBytes else { throw .tooLarge("\(pickle.count) bytes") }
        for _ in 0..<Self.mostInstructions {
            guard try !step() else { return }
        }
        throw .tooLarge("more than \(Self.mostInstructions) instructions")
    }

    /// The tensors of the dictionary that was pickled, in its order.
    func tensorsByName() throws(TorchFault) -> [(name: String, tensor: Tensor)] {
        guard stack.count == 1, case .dictionary(let root) = stack[0] else {
            throw .content("The file holds no dictionary of tensors by their names; save a model's state_dict().")
        }
        var found: [(String, Tensor)] = []
        for (key, value) in dictionaries[root] {
            guard case .text(let name) = key else {
                throw .content("The file holds a dictionary whose keys are no names; save a model's state_dict().")
            }
            guard case .tensor(let tensor) = value else {
                throw .content("\"\(name)\" is no tensor in this file; save a model's state_dict() alone.")
            }
            found.append((name, tensors[tensor]))
        }
        return found
    }

    /// One instruction; true at the end.
    private mutating func step() throws(TorchFault) -> Bool {
        let code = try bytes.byte()
        switch code {
        case UInt8(ascii: "."): return true
        case 0x80: _ = try bytes.byte()  // PROTO
        case 0x95: _ = try bytes.number(UInt64.self)  // FRAME
        case UInt8(ascii: "("): marks.append(stack.count)
        case UInt8(ascii: "N"): stack.append(.none)
        case 0x88: stack.append(.boolean(true))
        case 0x89: stack.append(.boolean(false))
        case UInt8(ascii: "K"): stack.append(.integer(Int(try bytes.byte())))
        case UInt8(ascii: "M"): stack.append(.integer(Int(try bytes.number(UInt16.self))))
        case UInt8(ascii: "J"): stack.append(.integer(Int(try bytes.number(Int32.self))))
        case 0x8A: stack.append(.integer(try bytes.longInteger()))
        case UInt8(ascii: "G"):
            _ = try bytes.number(UInt64.self)
            stack.append(.number)
        case UInt8(ascii: "X"): stack.append(.text(try bytes.text(Int(try bytes.number(UInt32.self)))))
        case 0x8C: stack.append(.text(try bytes.text(Int(try bytes.byte()))))
        case UInt8(ascii: ")"): push([])
        case 0x85: push(try pop(1))
        case 0x86: push(try pop(2))
        case 0x87: push(try pop(3))
        case UInt8(ascii: "t"): push(try popToMark())
        case UInt8(ascii: "]"): stack.append(.list)
        case UInt8(ascii: "a"): try extend(pop(1))
        case UInt8(ascii: "e"): try extend(popToMark())
        case UInt8(ascii: "}"): pushDictionary()
        case UInt8(ascii: "s"): try set(pop(2))
        case UInt8(ascii: "u"): try set(popToMark())
        case UInt8(ascii: "q"): try remember(Int(try bytes.byte()))
        case UInt8(ascii: "r"): try remember(Int(try bytes.number(UInt32.self)))
        case 0x94: try remember(memo.count)
        case UInt8(ascii: "h"): try recall(Int(try bytes.byte()))
        case UInt8(ascii: "j"): try recall(Int(try bytes.number(UInt32.self)))
        case UInt8(ascii: "c"):
            let (module, name) = (try bytes.line(), try bytes.line())
            stack.append(.global(try Global(module: module, name: name)))
        case 0x93:
            let names = try pop(2)
            guard case .text(let module) = names[0], case .text(let name) = names[1] else {
                throw bytes.fault("a name is no text")
            }
            stack.append(.global(try Global(module: module, name: name)))
        case UInt8(ascii: "Q"): try pushStorage()
        case UInt8(ascii: "R"): try reduce()
        case UInt8(ascii: "b"):
            // The state of a dictionary is its `_metadata`, the versions of modules.
            let values = try pop(2)
            guard case .dictionary = values[0], case .dictionary = values[1] else {
                throw bytes.fault("something other than a dictionary gets a state")
            }
            stack.append(values[0])
        default: throw .instruction(code, position: bytes.position - 1)
        }
        return false
    }

    private mutating func push(_ values: [Value]) {
        stack.append(.tuple(tuples.count))
        tuples.append(values)
    }

    private mutating func pushDictionary() {
        stack.append(.dictionary(dictionaries.count))
        dictionaries.append([])
    }

    /// The last values, which must lie above the last mark.
    private mutating func pop(_ count: Int) throws(TorchFault) -> [Value] {
        guard stack.count - (marks.last ?? 0) >= count else { throw bytes.fault("it takes more values than there are") }
        let values = Array(stack.suffix(count))
        stack.removeLast(count)
        return values
    }

    private mutating func popToMark() throws(TorchFault) -> [Value] {
        guard let mark = marks.popLast() else { throw bytes.fault("it goes back to a mark that there is not") }
        let values = Array(stack[mark...])
        stack.removeLast(stack.count - mark)
        return values
    }

    private func extend(_ values: [Value]) throws(TorchFault) {
        guard stack.last == .list else { throw bytes.fault("something other than a list is extended") }
    }

    private mutating func set(_ values: [Value]) throws(TorchFault) {
        guard case .dictionary(let row)? = stack.last, values.count % 2 == 0 else {
            throw bytes.fault("something other than a dictionary gets keys")
        }
        for index in stride(from: 0, to: values.count, by: 2) {
            dictionaries[row].append((values[index], values[index + 1]))
        }
    }

    private mutating func remember(_ place: Int) throws(TorchFault) {
        guard let value = stack.last else { throw bytes.fault("it remembers a value that there is not") }
        memo[place] = value
    }

    private mutating func recall(_ place: Int) throws(TorchFault) {
        guard let value = memo[place] else { throw bytes.fault("it recalls value \(place), which was not remembered") }
        stack.append(value)
    }

    /// ("storage", type, key, location, elements)
    private mutating func pushStorage() throws(TorchFault) {
        guard case .tuple(let row) = try pop(1)[0], tuples[row].count == 5, tuples[row][0] == .text("storage"),
            case .global(.storage(let type)) = tuples[row][1], case .text(let key) = tuples[row][2],
            case .integer(let count) = tuples[row][4], count >= 0
        else { throw bytes.fault("it refers to something other than a storage") }
        stack.append(.storage(storages.count))
        storages.append(Storage(type: type, key: key, count: count))
    }

    private mutating func reduce() throws(TorchFault) {
        let values = try pop(2)
        guard case .global(let global) = values[0], case .tuple(let row) = values[1] else {
            throw bytes.fault("something other than a known function is called")
        }
        let arguments = tuples[row]
        switch global {
        case .orderedDictionary where arguments.isEmpty: pushDictionary()
        case .size where arguments.count == 1:
            guard case .tuple = arguments[0] else { throw bytes.fault("a size is no tuple") }
            stack.append(arguments[0])
        case .rebuildParameter where arguments.count == 3:
            guard case .tensor = arguments[0] else { throw bytes.fault("a parameter is no tensor") }
            stack.append(arguments[0])
        case .rebuildTensor where arguments.count == 6: try rebuildTensor(arguments)
        default: throw bytes.fault("a known function gets other arguments than it takes")
        }
    }

    /// (storage, offset, shape, strides, requires_grad, backward_hooks)
    private mutating func rebuildTensor(_ arguments: [Value]) throws(TorchFault) {
        guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
            let shape = integers(arguments[2]), let strides = integers(arguments[3]), shape.count == strides.count
        else { throw bytes.fault("a tensor is not made of a storage, an offset, a shape and strides") }
        stack.append(.tensor(tensors.count))
        tensors.append(Tensor(storage: storages[storage], offset: offset, shape: shape, strides: strides))
    }

    private func integers(_ value: Value) -> [Int]? {
        guard case .tuple(let row) = value, tuples[row].count <= Self.mostDimensions else { return nil }
        let integers = tuples[row].compactMap { if case .integer(let integer) = $0 { integer } else { nil } }
        return integers.count == tuples[row].count ? integers : nil
    }

    /// PyTorch's own limit.
    private static let mostDimensions = 64
}

/// The bytes of a pickle, read from front to back.
private struct PickleBytes {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    func fault(_ reason: String) -> TorchFault { .pickle(position: position, reason: reason) }

    private mutating func take(_ count: Int) throws(TorchFault) -> UnsafeRawBufferPointer {
        guard count <= bytes.count - position else { throw fault("it ends early") }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[position..<position + count])
    }

    mutating func byte() throws(TorchFault) -> UInt8 { try take(1)[0] }

    mutating func number<Number: FixedWidthInteger>(_: Number.Type) throws(TorchFault) -> Number {
        Number(littleEndian: try take(MemoryLayout<Number>.size).loadUnaligned(as: Number.self))
    }

    /// LONG1: a length, and a number in two's complement.
    mutating func longInteger() throws(TorchFault) -> Int {
        let digits = try take(Int(try byte()))
        guard digits.count <= 8 else { throw fault("a number exceeds 64 bits") }
        var value: UInt64 = digits.last.map { $0 & 0x80 == 0 ? 0 : .max } ?? 0
        for digit in digits.reversed() { value = value << 8 | UInt64(digit) }
        return Int(Int64(bitPattern: value))
    }

    mutating func text(_ count: Int) throws(TorchFault) -> String {
        guard let text = String(validating: try take(count), as: UTF8.self) else { throw fault("a text is no UTF-8") }
        return text
    }

    /// Text up to a line feed, which a name of Python's has no more than a few hundred bytes before.
    mutating func line() throws(TorchFault) -> String {
        let rest = bytes[position..<min(bytes.count, position + 512)]
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { throw fault("a name has no end") }
        let text = try text(end - position)
        position = end + 1
        return text
    }
}
