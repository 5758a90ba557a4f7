// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import Plants
import ProxyConfiguration
import ProxyEngine

/// The file that the process runs by, and how it is read.
struct ConfigurationFile: Sendable {
    let path: String

    static let help = ArgumentHelp("The configuration file.", valueName: "file")

    /// - Parameter toServe: Whether what makes tunnels open has to be there already.
    func load(toServe: Bool) throws(ConfigurationError) -> Configuration {
        let loader = ConfigurationLoader(
            environment: ProcessInfo.processInfo.environment,
            profiles: PlantProfiles.all,
            authorityFlaws: { toServe ? AuthorityReading($0).flaws : [] }
        )
        return try loader.load(path: self.path)
    }

    /// Loads for a command that ends when the file is wrong, after it has said everything that is.
    func loadOrExit(toServe: Bool = false) throws -> Configuration {
        do throws(ConfigurationError) {
            return try self.load(toServe: toServe)
        } catch {
            StandardError.print(error.rendered())
            throw Exit.wrongFile
        }
    }
}
