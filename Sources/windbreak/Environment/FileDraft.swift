// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// What is to be a file: written beside its place, so that it appears there at once and whole, with just its permissions.
final class FileDraft {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private let path: String
    private let mode: mode_t
    private var draft: String { "\(self.path).\(getpid())" }
    /// What was in its place before, until it is certain that it goes.
    private var backup: String { "\(self.draft).old" }

    init(of path: String, mode: mode_t) {
        self.path = path
        self.mode = mode
    }

    deinit {
        unlink(self.draft)
        unlink(self.backup)
    }

    func write(_ text: String) throws(Failure) {
        let descriptor = open(self.draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, self.mode)
        guard descriptor >= 0 else { throw self.failure() }
        defer { close(descriptor) }
        // The mask of the process may not widen the mode, and must not narrow it.
        guard fchmod(descriptor, self.mode) == 0,
            Self.write(descriptor, text) == text.utf8.count, fsync(descriptor) == 0
        else { throw self.failure() }
    }

    /// Puts all of them in their places, or none.
    static func place(_ drafts: [FileDraft], replacing: Bool) throws(Failure) {
        if !replacing { for draft in drafts { try draft.claim() } }
        for (index, draft) in drafts.enumerated() {
            do throws(Failure) {
                try draft.place(replacing: replacing)
            } catch {
                for earlier in drafts[..<index] { earlier.takeBack() }
                throw error
            }
        }
    }

    private func claim() throws(Failure) {
        var status = stat()
        guard lstat(self.path, &status) != 0 else { throw self.isThere }
    }

    private func place(replacing: Bool) throws(Failure) {
        if replacing { _ = link(self.path, self.backup) }
        // A link, unlike a renaming, does not take the place of what is there.
        guard (replacing ? rename(self.draft, self.path) : link(self.draft, self.path)) == 0 else {
            throw errno == EEXIST ? self.isThere : self.failure()
        }
    }

    private func takeBack() {
        if rename(self.backup, self.path) != 0 { unlink(self.path) }
    }

    private var isThere: Failure { Failure(description: "\(self.path) is there already; --force replaces it") }

    private func failure() -> Failure {
        Failure(description: "cannot write \(self.path): \(String(cString: strerror(errno)))")
    }

    private static func write(_ descriptor: Int32, _ text: String) -> Int {
        #if canImport(Glibc)
        Glibc.write(descriptor, text, text.utf8.count)
        #else
        Darwin.write(descriptor, text, text.utf8.count)
        #endif
    }
}
