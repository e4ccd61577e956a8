import Glibc
import Hub
import OperatingSystem
import Service

/// Where the checkpoint is looked for.
enum ModelFolder {
    /// What SENSORIUM_MODEL says, else where the source of Sensorium has one.
    static var standard: String {
        // A server may be given several: commands ask the first.
        let named = Environment.value("SENSORIUM_MODEL")?.split(separator: ",").first
        return named.flatMap { ModelSource(String($0))?.folder } ?? ServiceConfiguration.usualModel
    }

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
        let place = folder.hasPrefix("/") ? "" : " below \(Folder.working)"
        let isRepository =
            folder != ServiceConfiguration.usualModel && folder.contains("/") && HubReference(folder) != nil
        return .model(
            "There is no model in \(folder)\(place): it has no config.json. Name its folder with --model FOLDER or in the "
                + "variable SENSORIUM_MODEL; the source of Sensorium has one, models/sensorium-base."
                + (isRepository ? " If it is a repository of the Hub, fetch it first: sensorium pull \(folder)." : ""))
    }
}
