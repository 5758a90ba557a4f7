// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Plants

/// `windbreak profile NAME`: a shipped profile as the YAML it is, to read or to begin one's own with.
struct ProfileCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract: "Print a profile that is shipped with windbreak.",
        discussion: """
            A profile is a piece of configuration that an upstream builds on: `profile: plant_id`. To write your own, \
            save a shipped one under another name, change it, and give its path: `profile: ./my-api.yaml`.

            Shipped are: \(Self.names).

            \(Exit.help)
            """
    )

    @Argument(help: "The profile to print: \(Self.names).")
    var name: String

    /// Not in `run`, whose errors come with the usage of `windbreak` as a whole.
    func validate() throws {
        guard PlantProfiles.all[self.name] == nil else { return }
        throw ValidationError("There is no profile '\(self.name)'. Shipped are: \(Self.names).")
    }

    func run() throws {
        let text = PlantProfiles.all[self.name] ?? ""
        try StandardOutput.print(text, terminator: text.hasSuffix("\n") ? "" : "\n")
    }

    private static var names: String { PlantProfiles.all.keys.sorted().joined(separator: ", ") }
}
