// SPDX-License-Identifier: Apache-2.0

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension Node {
    /// The path of a file that is going to be written, relative to the file that names it.
    ///
    /// A folder that is not there is a warning only: it may come with the deployment, of which a check knows nothing.
    ///
    /// - Parameter what: All that may stand there, for when it is none of that.
    func outputFile(_ problems: Problems, _ what: String) -> String? {
        guard let text = self.text(problems, what) else { return nil }
        guard !text.isEmpty else {
            self.expected(what, problems)
            return nil
        }
        let path = self.location.source.resolve(text)
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        if access(folder, F_OK) != 0, errno == ENOENT || errno == ENOTDIR {
            problems.warning("there is no folder \(folder)", at: self.location, path: self.path)
        }
        return path
    }
}
