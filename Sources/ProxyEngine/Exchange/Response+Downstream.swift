// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration

extension Response {
    /// Takes out what was meant for our own connection.
    mutating func prepareForDownstream() {
        let upgrade = self.upgraded == nil ? nil : self.head.fields["upgrade"]
        HopByHop.remove(from: &self.head.fields)
        if let upgrade {
            self.head.fields.add("Connection", "Upgrade")
            self.head.fields.add("Upgrade", upgrade)
        }
        if self.body.length != 0 {
            // Of content that is there whoever writes it tells the length.
            self.head.fields.remove("content-length")
        } else if self.head.fields.count(of: "content-length") > 1, let length = self.head.fields["content-length"] {
            // They are equal, or the answer would have been refused (RFC 9110, 8.6).
            self.head.fields.set("Content-Length", length)
        }
        self.head.fields.add("Via", self.head.version.via)
    }

    /// Says what our cache did, behind what other caches have said (RFC 9211, 2).
    mutating func explain(_ status: CacheStatus) { self.head.explain(status) }
}

extension ResponseHead {
    mutating func explain(_ status: CacheStatus) {
        self.fields.add("Cache-Status") { status.write(to: &$0) }
    }

    /// Turns what names the upstream's place into ours, for a client that came by the upstream's mount: where it is to go,
    /// and that the content is what it asked for. Other names of the content are the origin's own affair.
    ///
    /// - Parameter path: The target, below the mount.
    mutating func relocate(_ path: Substring, from upstream: Upstream) {
        if let location = self.fields["location"],
            let moved = upstream.configuration.downstreamLocation(location)
        {
            self.fields.set("Location", moved)
        }
        if let location = self.fields["content-location"],
            let moved = upstream.configuration.downstreamLocation(location),
            moved.dropFirst(upstream.configuration.mount.count) == path
        {
            self.fields.set("Content-Location", moved)
        }
    }
}

extension UpstreamConfiguration {
    /// What clients put before the paths of this upstream: empty for `/`.
    var mount: String { self.path == "/" ? "" : self.path }

    /// A reference into the upstream as clients of this proxy have to follow it, or nil if it leads elsewhere.
    func downstreamLocation(_ location: String) -> String? {
        var path = location[...]
        if !location.hasPrefix("/") || location.hasPrefix("//") {
            guard let rest = self.afterAuthority(path) else { return nil }
            path = rest
        }
        guard path.hasPrefix(self.url.basePath) else { return nil }
        let rest = path.dropFirst(self.url.basePath.count)
        guard rest.isEmpty || rest.hasPrefix("/") || rest.hasPrefix("?") else { return nil }
        let moved = self.mount + rest
        return moved.hasPrefix("/") ? moved : "/" + moved
    }

    /// The rest of a URL on one of the upstream's own hosts.
    private func afterAuthority(_ location: Substring) -> Substring? {
        guard let scheme = ["https:", "http:", ""].first(where: { location.lowercased().hasPrefix($0 + "//") }) else {
            return nil
        }
        let rest = location.dropFirst(scheme.count + 2)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }.lowercased()
        let names = [self.url.authority] + self.hosts + ["\(self.url.host):\(self.url.port)"]
        return names.contains(authority) ? rest.dropFirst(authority.count) : nil
    }
}
