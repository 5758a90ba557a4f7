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

/// The files that the tests read, found from where this file was compiled.
enum Repository {
    static let root: String = {
        var parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        parts.removeLast(3)
        return parts.joined(separator: "/")
    }()

    static let fixtures = Self.root + "/Tests/ProxyConfigurationTests/Fixtures"

    /// Certificates for tests. The fixtures name them from their own directory.
    static let certificates = Self.root + "/Tests/TestSupport/Certificates"

    static func text(_ path: String) throws -> String {
        let file = try #require(fopen(path, "r"), "cannot open \(path)")
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
    }

    static func write(_ text: String, to path: String) throws {
        let file = try #require(fopen(path, "w"), "cannot write \(path)")
        defer { fclose(file) }
        _ = Array(text.utf8).withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
    }

    static func names(in directory: String) throws -> [String] {
        let stream = try #require(opendir(directory), "cannot open \(directory)")
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                    pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                }
            )
        }
        return names.sorted()
    }

    static func profiles() throws -> [String: String] {
        var profiles: [String: String] = [:]
        for name in ["plant_id", "plantnet"] {
            profiles[name] = try Self.text("\(Self.root)/Sources/Plants/Resources/\(name).yaml")
        }
        return profiles
    }

    static func configuration() throws -> String { try Self.text(Self.root + "/config.yaml") }

    /// A loader with the shipped profiles and no environment but what is given.
    static func loader(_ environment: [String: String] = [:]) throws -> ConfigurationLoader {
        ConfigurationLoader(environment: environment, profiles: try Self.profiles())
    }

    /// The files of `Fixtures` that are a configuration each, without their extension.
    static func fixtureNames() throws -> [String] {
        try Self.names(in: Self.fixtures).filter { $0.hasSuffix(".yaml") }.map { String($0.dropLast(5)) }
    }

    /// A file that whoever asked for it removes.
    static func temporaryFile(_ text: String) throws -> String {
        var template = Array("/tmp/windbreak-test-XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        try #require(descriptor >= 0)
        close(descriptor)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try Self.write(text, to: path)
        return path
    }

    static func remove(_ path: String) { unlink(path) }
}
