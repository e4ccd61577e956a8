import ArgumentParser
import Glibc
import Hub
import OperatingSystem
import Service

/// Where the checkpoint is looked for.
enum ModelFolder {
    /// What SENSORIUM_MODEL says, else the model that is there.
    static var standard: String {
        // A server may be given several: commands ask the first.
        let named = Environment.value("SENSORIUM_MODEL")?.split(separator: ",").first
        return named.flatMap { ModelSource(String($0))?.folder } ?? usual
    }

    /// Where the model that comes with Sensorium may be: installed with this program, beside it, installed by the system, and last
    /// where the source has it.
    static let places: [String] = {
        let program = realpath("/proc/self/exe", nil)
        defer { free(program) }
        return places(of: program.map { String(cString: $0) } ?? "")
    }()

    /// The same for a program of that path.
    static func places(of program: String) -> [String] {
        let folder = Folder.parent(of: program)
        let name = Folder.name(of: ServiceConfiguration.usualModel)
        let share = "share/sensorium/models/\(name)"
        var places = ["\(Folder.parent(of: folder))/\(share)", "\(folder)/models/\(name)"]
        if !places.contains("/usr/\(share)") { places.append("/usr/\(share)") }
        return places + [ServiceConfiguration.usualModel]
    }

    /// The first of the places that has a model; the source's where none has.
    static var usual: String { places.first { !isMissing($0) } ?? ServiceConfiguration.usualModel }

    /// What the option says that names another folder.
    static let help = ArgumentHelp(
        "Folder of the checkpoint. (SENSORIUM_MODEL; default: \(ServiceConfiguration.usualModelText))",
        valueName: "folder")

    /// A model as it was named, found: of a repository of the Hub the folder in its cache.
    static func located(_ source: ModelSource) throws(CommandFailure) -> ModelSource {
        do throws(HubError) {
            let place = try ModelLocation(source.folder)
            guard place.folder != source.folder else { return source }
            return ModelSource(folder: place.folder, name: source.name ?? place.name)
        } catch {
            // It may be a folder misspelt: whoever loads it says where it was looked for.
            if case .notCached = error { return source }
            throw .model("\(error)")
        }
    }

    /// Whether a folder has no model at all.
    static func isMissing(_ folder: String) -> Bool {
        access("\(folder)/config.json", F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR)
    }

    /// Why a model cannot be had. Of a folder without one the sentence says where it was looked for, and how another is named.
    static func failure(_ folder: String, _ error: any Error) -> CommandFailure {
        guard isMissing(folder) else { return .model("\(error)") }
        let below = " below \(Folder.working)"
        let advice = "Name its folder with --model FOLDER or in the variable SENSORIUM_MODEL"
        guard folder != ServiceConfiguration.usualModel else {
            return .model(
                "There is no model: none of \(places.joined(separator: ", "))\(below) has a config.json. \(advice).")
        }
        let isRepository = folder.contains("/") && HubReference(folder) != nil
        return .model(
            "There is no model in \(folder)\(folder.hasPrefix("/") ? "" : below): it has no config.json. \(advice)."
                + (isRepository ? " If it is a repository of the Hub, fetch it first: sensorium pull \(folder)." : ""))
    }
}
