// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProxyConfiguration

/// `windbreak check`: whether the file can be used, without using it.
struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Check the configuration file, and say everything that is wrong with it.",
        discussion: """
            Nothing is started and nothing is connected to. Variables, secrets, certificates and the files of \
            the local authority are read as they would be at the start.

            \(Exit.help)
            """
    )

    @Option(help: ConfigurationFile.help)
    var config = "config.yaml"

    @Flag(help: "Print the whole configuration as it would run: defaults and profiles merged, secrets masked.")
    var effective = false

    func run() throws {
        let configuration = try ConfigurationFile(path: self.config).loadOrExit(toServe: true)
        for warning in configuration.warnings { StandardError.print(warning.description) }
        if self.effective {
            try StandardOutput.print(configuration.effectiveYAML(), terminator: "")
        } else {
            try StandardOutput.print("\(self.config) is good: \(configuration.summary)")
        }
    }
}

extension Configuration {
    /// `2 upstreams (plant_id, plantnet), 1 combined endpoint (identify)`.
    fileprivate var summary: String {
        let upstreams = Self.list("upstream", self.upstreams.map(\.name))
        return self.combined.isEmpty
            ? upstreams
            : "\(upstreams), \(Self.list("combined endpoint", self.combined.map(\.name)))"
    }

    private static func list(_ what: String, _ names: [String]) -> String {
        let count = "\(names.count) \(what)\(names.count == 1 ? "" : "s")"
        return names.isEmpty ? count : "\(count) (\(names.joined(separator: ", ")))"
    }
}
