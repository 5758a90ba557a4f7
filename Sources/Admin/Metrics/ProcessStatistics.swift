// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What the kernel knows about this process. Reading it costs a few system calls on a file system in memory.
struct ProcessStatistics: Sendable, Equatable {
    /// Since 1970-01-01T00:00:00Z.
    var startTimeSeconds: Double
    var residentBytes: Int
    var cpuSeconds: Double
    var openFiles: Int
    var maxFiles: Int

    /// Nil where there is no `/proc`.
    static var current: ProcessStatistics? {
        guard let process = Self.contents("/proc/self/stat"), let system = Self.contents("/proc/stat") else {
            return nil
        }
        return ProcessStatistics(
            process: process,
            system: system,
            pageSize: sysconf(Int32(_SC_PAGESIZE)),
            ticksPerSecond: sysconf(Int32(_SC_CLK_TCK)),
            openFiles: Self.entries("/proc/self/fd"),
            maxFiles: Self.fileLimit
        )
    }

    /// - Parameters:
    ///   - process: What `/proc/PID/stat` says (proc_pid_stat(5)).
    ///   - system: What `/proc/stat` says, for the time of the boot.
    init?(process: String, system: String, pageSize: Int, ticksPerSecond: Int, openFiles: Int, maxFiles: Int) {
        // The command stands second, in parentheses, and may itself hold spaces and parentheses.
        guard let end = process.lastIndex(of: ")"), ticksPerSecond > 0 else { return nil }
        let fields = process[end...].split(separator: " ").dropFirst().map { Int($0) }
        let boot = system.split(separator: "\n").first { $0.hasPrefix("btime ") }.flatMap { Int($0.dropFirst(6)) }
        // Without the first two, field N of the manual is at N - 3.
        guard fields.count > 21, let boot, let user = fields[11], let kernel = fields[12], let start = fields[19],
            let pages = fields[21]
        else { return nil }
        self.startTimeSeconds = Double(boot) + Double(start) / Double(ticksPerSecond)
        self.residentBytes = pages * pageSize
        self.cpuSeconds = Double(user + kernel) / Double(ticksPerSecond)
        self.openFiles = openFiles
        self.maxFiles = maxFiles
    }

    private static var fileLimit: Int {
        var limit = rlimit()
        #if canImport(Glibc)
        let result = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        #else
        let result = getrlimit(RLIMIT_NOFILE, &limit)
        #endif
        return result == 0 ? Int(clamping: limit.rlim_cur) : 0
    }

    /// The files of `/proc` have no length; so they are read to their end, up to 1 MiB.
    private static func contents(_ path: String) -> String? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = read(file, &piece, piece.count)
            guard count >= 0 else { return nil }
            if count == 0 { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Entries of a folder, without `.`, `..` and the one that reading it opens.
    private static func entries(_ path: String) -> Int {
        guard let folder = opendir(path) else { return 0 }
        defer { closedir(folder) }
        var count = 0
        while readdir(folder) != nil { count += 1 }
        return max(0, count - 3)
    }
}
