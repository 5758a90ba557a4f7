// SPDX-License-Identifier: Apache-2.0

import ProxyConfiguration
import Testing

/// Files that the process writes.
@Suite struct OutputFileTests {
    private static func load(_ log: String, _ cache: String) throws -> Configuration {
        let path = try Repository.temporaryFile(
            "log: {access: \(log)}\ncache: {file: \(cache)}\nupstreams: {api: {url: \"http://127.0.0.1:9\"}}"
        )
        defer { Repository.remove(path) }
        return try Repository.loader().load(path: path)
    }

    @Test func `are relative to the file that names them`() throws {
        let configuration = try Self.load("access.log", "./cache.db")
        #expect(configuration.log.access == .file("/tmp/access.log"))
        #expect(configuration.store.file == "/tmp/cache.db")
        #expect(configuration.warnings.isEmpty)
        #expect(try Self.load("stdout", "off").log.access == .stdout)
    }

    @Test func `without a folder are warned of`() throws {
        let warnings = try Self.load("/nonesuch/access.log", "/dev/null/cache.db").warnings
        #expect(warnings.map(\.path) == ["log.access", "cache.file"])
        #expect(warnings[0].message == "there is no folder /nonesuch/")
        #expect(warnings[1].message == "there is no folder /dev/null/")
    }
}
