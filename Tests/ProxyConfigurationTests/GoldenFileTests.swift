// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration
import Testing

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// What is said about wrong files, word by word. `WINDBREAK_REGENERATE=1` writes what is said now, to be read over.
@Suite struct GoldenFileTests {
    static let environment = ["TOKEN": "t0k3n-from-the-environment"]

    @Test(arguments: try Repository.fixtureNames())
    func `says what is wrong with`(_ name: String) throws {
        let rendered = try Self.rendered(name)
        let expected = "\(Repository.fixtures)/\(name).expected"
        if getenv("WINDBREAK_REGENERATE") != nil { try Repository.write(rendered, to: expected) }

        #expect(rendered == (try Repository.text(expected)))
        for secret in ["hunter2", "t0k3n", "second-secret", "first-secret"] {
            #expect(!rendered.contains(secret))
        }
    }

    private static func rendered(_ name: String) throws -> String {
        let loader = try Repository.loader(Self.environment)
        do throws(ConfigurationError) {
            _ = try loader.load(path: "\(Repository.fixtures)/\(name).yaml")
            return "nothing\n"
        } catch {
            return error.rendered().replacing(Repository.fixtures + "/", with: "") + "\n"
        }
    }
}
