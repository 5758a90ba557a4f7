// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What a server needs of its process.
enum ProcessSetup {
    static func prepareToServe() {
        // A peer that has gone is an error of one write, not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        self.raiseFileLimit()
    }

    /// Each exchange holds two sockets; the customary soft limit of 1024 is there for programs that use `select`.
    private static func raiseFileLimit() {
        #if canImport(Glibc)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        #else
        let resource = RLIMIT_NOFILE
        #endif
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0, limit.rlim_cur < limit.rlim_max else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(resource, &limit)
    }
}
