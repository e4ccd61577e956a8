import JSON

/// The JSON files of a published checkpoint, and what is wrong with them.
struct PublishedFiles {
    let folder: Checkpoint
    var problems: [CheckpointProblem] = []

    init(_ folder: Checkpoint) { self.folder = folder }

    /// A reader of a file; nil where it is not there or cannot be read, which is noted unless it may be missing.
    mutating func reader(_ name: String, isRequired: Bool = false) -> ConfigurationReader? {
        guard isRequired || folder.has(name) else { return nil }
        do throws(CheckpointProblem) {
            return ConfigurationReader(file: name, try folder.json(name))
        } catch {
            problems.append(error)
            return nil
        }
    }

    /// Of a preprocessor that newer folders keep under this name in `processor_config.json`.
    mutating func nestedReader(_ name: String) -> ConfigurationReader? {
        guard folder.has("processor_config.json") else { return nil }
        do throws(CheckpointProblem) {
            let file = try folder.json("processor_config.json")
            return (try? file.optionalMember(name)).flatMap { member in
                member.map { ConfigurationReader(file: "processor_config.json", $0) }
            }
        } catch {
            problems.append(error)
            return nil
        }
    }
}
