// SPDX-License-Identifier: Apache-2.0

import GRDB
import HTTPMessage
import Logging

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Finds out whose file it is before anything is done to it, and gets it out of the way if it is no good.
struct FileOpening {
    let path: String
    let logger: Logger

    /// - Returns: Nil if there can be no file there.
    func open() -> CacheDatabase? {
        if let objection = self.objection() {
            guard self.setAside(objection) else { return nil }
        }
        do {
            return try self.openOrCreate()
        } catch let error as DatabaseError where error.isDamage {
            guard self.setAside("is damaged") else { return nil }
        } catch {
            return self.giveUp(error)
        }
        do {
            return try self.openOrCreate()
        } catch {
            return self.giveUp(error)
        }
    }

    private func openOrCreate() throws -> CacheDatabase {
        // Answers may be nobody else's business, and what SQLite puts beside the file has the file's own permissions.
        let descriptor = Self.create(self.path)
        if descriptor >= 0 { close(descriptor) }
        return try CacheDatabase(opening: self.path)
    }

    private static func create(_ path: String) -> Int32 {
        #if canImport(Glibc)
        Glibc.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #else
        Darwin.open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #endif
    }

    private func giveUp(_ error: any Error) -> CacheDatabase? {
        self.logger.warning("[CACHE] \(self.path) cannot be used, the cache is in memory only: \(error)")
        return nil
    }

    /// Why it is not ours to use: by the head of the file alone, since opening changes it. An absent or empty one is.
    private func objection() -> String? {
        guard let file = fopen(self.path, "rb") else { return nil }
        defer { fclose(file) }
        var head = [UInt8](repeating: 0, count: 100)
        let count = fread(&head, 1, head.count, file)
        guard count > 0 else { return nil }
        guard count == head.count, head.starts(with: "SQLite format 3\0".utf8) else { return "is no cache file" }
        // Of the header of a database (SQLite's file format, 1.3): the application's own number, and the version.
        guard Self.number(in: head, at: 68) == CacheDatabase.applicationID else {
            // A database without a schema is nobody's: a process ended at the moment in which it began it.
            return Self.number(in: head, at: 40) == 0 ? nil : "belongs to something else"
        }
        let version = Self.number(in: head, at: 60)
        return version == CacheDatabase.schemaVersion ? nil : "is of another version of windbreak"
    }

    private static func number(in head: [UInt8], at position: Int) -> UInt32 {
        head[position..<position + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private func setAside(_ why: String) -> Bool {
        let name = "\(self.path).set-aside-\(WallClock.now.sinceEpoch.milliseconds)"
        guard rename(self.path, name) == 0 else {
            let reason = String(cString: strerror(errno))
            self.logger.warning(
                "[CACHE] \(self.path) \(why) and cannot be set aside, the cache is in memory only: \(reason)"
            )
            return false
        }
        // The rest of it, where there is any.
        for suffix in ["-wal", "-shm"] { _ = rename(self.path + suffix, name + suffix) }
        self.logger.warning("[CACHE] \(self.path) \(why), and was set aside as \(name)")
        return true
    }
}
