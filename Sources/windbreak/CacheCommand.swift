// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import HTTPMessage

/// `windbreak cache ...`: what is stored, for the operator of a windbreak that runs.
struct CacheCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cache",
        abstract: "See and purge what a running windbreak has stored.",
        discussion: """
            These commands ask the admin listener of a windbreak that runs; they do not touch the cache's file \
            themselves.

            \(Exit.help)
            """,
        subcommands: [List.self, Show.self, Purge.self]
    )

    /// Which entries are meant: those for which all is true that is given.
    struct Filter: ParsableArguments {
        @Option(help: ArgumentHelp("Of this upstream.", valueName: "name"))
        var upstream: String?

        @Option(help: ArgumentHelp("Whose target below the upstream's path begins so.", valueName: "prefix"))
        var path: String?

        @Option(help: ArgumentHelp("With this tag, from the answer's Surrogate-Key or Cache-Tag.", valueName: "tag"))
        var tag: String?

        /// As a form has it.
        func members(_ more: [(String, String?)] = []) -> String {
            let members = [("upstream", self.upstream), ("path", self.path), ("tag", self.tag)] + more
            return members.compactMap { name, value in
                value.map { "\(name)=\(PercentEncoding.queryValue($0))" }
            }.joined(separator: "&")
        }
    }

    /// Does what a command is for, and ends with 1 and the reason when that fails.
    fileprivate static func run(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let failure as AdminClient.Failure {
            StandardError.print("windbreak: \(failure)")
            throw Exit.failed
        }
    }
}

extension CacheCommand {
    /// `windbreak cache ls`.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "ls",
            abstract: "List what is stored, in the order of the keys."
        )

        @OptionGroup var filter: Filter

        @Option(help: ArgumentHelp("How many entries at most.", valueName: "number"))
        var limit = 100

        @Option(help: ArgumentHelp("Go on behind this key.", valueName: "key"))
        var after: String?

        @Flag(help: "Print JSON, as the admin listener gives it.")
        var json = false

        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard 1...1_000_000 ~= self.limit else { throw ValidationError("--limit is from 1 to 1000000.") }
        }

        func run() async throws {
            try await CacheCommand.run {
                let (entries, next) = try await self.entries(self.options.client())
                if self.json {
                    let list: JSON = ["entries": .array(entries), "next": next.map { .string($0) } ?? .null]
                    return try StandardOutput.print(list.serialized)
                }
                let table = CacheTable(entries)
                if !table.isEmpty { try StandardOutput.print(table.description) }
                if let next {
                    StandardError.print("there are more: --after \(next)")
                } else if table.isEmpty {
                    StandardError.print("nothing of that is stored")
                }
            }
        }

        /// As many pages as are needed.
        private func entries(_ client: AdminClient) async throws -> ([JSON], next: String?) {
            var entries: [JSON] = []
            var next = self.after
            repeat {
                let limit = String(min(1000, self.limit - entries.count))
                let page = try await client.send(
                    .get,
                    "/cache?\(self.filter.members([("limit", limit), ("after", next)]))"
                )
                entries += page["entries"]?.array ?? []
                next = page["next"]?.string
            } while next != nil && entries.count < self.limit
            return (entries, next)
        }
    }

    /// `windbreak cache show KEY`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show all about one entry.")

        @Argument(help: "The key, or some of its first digits: 8 at least, as in the log.")
        var key: String

        @Flag(help: "Print JSON, as the admin listener gives it.")
        var json = false

        @OptionGroup var options: AdminOptions

        func run() async throws {
            try await CacheCommand.run {
                let key = PercentEncoding.queryValue(self.key)
                let entry = try await self.options.client().send(.get, "/cache/\(key)")
                try StandardOutput.print(self.json ? entry.serialized : CacheTable.text(of: entry))
            }
        }
    }

    /// `windbreak cache purge`.
    struct Purge: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget what is stored, in memory and in the file.",
            discussion: "What is asked for next comes from the upstream again, at its price."
        )

        @OptionGroup var filter: Filter

        @Option(help: ArgumentHelp("With this key, or with keys that begin so.", valueName: "key"))
        var key: String?

        @Flag(help: "Everything of all upstreams.")
        var all = false

        @Flag(help: "Print JSON, as the admin listener gives it.")
        var json = false

        @OptionGroup var options: AdminOptions

        func validate() throws {
            guard self.filter.members([("key", self.key)]).isEmpty == self.all else {
                throw ValidationError("Say what is to go: --key, --upstream, --path or --tag; or --all.")
            }
        }

        func run() async throws {
            try await CacheCommand.run {
                let form = self.filter.members([("key", self.key), ("all", self.all ? "true" : nil)])
                let answer = try await self.options.client().send(.post, "/cache/purge", form: form)
                guard !self.json, let count = answer["purged"]?.double else {
                    return try StandardOutput.print(answer.serialized)
                }
                try StandardOutput.print(count == 1 ? "1 entry is gone" : "\(Int(count)) entries are gone")
            }
        }
    }
}
