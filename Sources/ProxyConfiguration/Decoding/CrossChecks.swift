// SPDX-License-Identifier: Apache-2.0

/// Problems that no part of the file has by itself: two parts that want the same.
struct CrossChecks {
    let upstreams: [Declared<UpstreamConfiguration>]
    let combined: [Declared<CombinedConfiguration>]
    let problems: Problems

    func run() {
        self.checkPaths()
        self.checkHosts()
        self.checkCombinedPaths()
    }

    private func checkPaths() {
        var owners: [String: String] = [:]
        for upstream in self.upstreams {
            let (path, name) = (upstream.configuration.path, upstream.configuration.name)
            if let owner = owners[path] {
                upstream.report("has the same path as upstreams.\(owner)", at: "path", self.problems)
            } else {
                owners[path] = name
            }
        }
    }

    private func checkHosts() {
        var owners: [String: String] = [:]
        for upstream in self.upstreams {
            let name = upstream.configuration.name
            for host in upstream.configuration.hosts {
                guard let owner = owners[host], owner != name else {
                    owners[host] = name
                    continue
                }
                self.reportHost(of: upstream, owner: owner)
                break
            }
        }
    }

    private func reportHost(of upstream: Declared<UpstreamConfiguration>, owner: String) {
        let message =
            "has the same host as upstreams.\(owner), so a forward-proxy request could mean either; "
            + "give one of them other hosts, or hosts: []"
        // A host that came with a profile is not what its author can change.
        let own = ["hosts", "url", "profile"].first { upstream.entry.value[$0] != nil }
        if let own, let node = upstream.entry.value[own] {
            self.problems.error(message, at: node)
        } else {
            self.problems.error(message, at: upstream.entry.keyLocation, path: upstream.entry.value.path)
        }
    }

    private func checkCombinedPaths() {
        var owners: [String: String] = [:]
        for combined in self.combined {
            let (path, name) = (combined.configuration.path, combined.configuration.name)
            if path.isEmpty {
                combined.report(
                    "a combined endpoint has a path of its own, such as /identify",
                    at: "path",
                    self.problems
                )
            }
            if let owner = owners[path] {
                combined.report("has the same path as combined.\(owner)", at: "path", self.problems)
            } else {
                owners[path] = name
            }
            let hidden = self.upstreams.map(\.configuration).first { upstream in
                // An upstream at `/` has every path; that one endpoint stands before it is plain to see.
                !upstream.path.isEmpty
                    && (MountPath.contains(upstream.path, path) || MountPath.contains(path, upstream.path))
            }
            if let hidden {
                combined.report("overlaps with the path of upstreams.\(hidden.name)", at: "path", self.problems)
            }
        }
    }
}
