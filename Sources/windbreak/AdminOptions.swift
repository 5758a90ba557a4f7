// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ProxyConfiguration

/// Where the windbreak is that a command asks.
struct AdminOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The configuration file, which says where the admin listener is.", valueName: "file"))
    var config = "config.yaml"

    @Option(
        help: ArgumentHelp(
            "The admin listener itself, in place of what the file says: 127.0.0.1:9901 or unix:/path.",
            valueName: "address"
        )
    )
    var admin: String?

    func validate() throws {
        guard let admin, Self.address(admin) == nil else { return }
        throw ValidationError("'\(admin)' is no address such as 127.0.0.1:9901 or unix:/path.")
    }

    /// Tokens go only where the file says that they belong.
    func client() throws -> AdminClient {
        if let address = self.admin.flatMap(Self.address) { return AdminClient(address: address) }
        let configuration = try ConfigurationFile(path: self.config).loadOrExit()
        guard let listener = configuration.admin else {
            throw AdminClient.Failure(description: "\(self.config) has no admin listener")
        }
        if let tls = listener.tls, !tls.clientAuthorities.isEmpty, tls.clientCertificates == .required {
            throw AdminClient.Failure(description: "the admin listener wants a certificate, and this command has none")
        }
        return AdminClient(
            address: listener.address.reachable,
            token: listener.access.tokens.first,
            certificate: listener.tls?.chain.first
        )
    }

    private static func address(_ text: String) -> ListenAddress? {
        if text.hasPrefix("unix:") { return text.count > 5 ? .unix(path: String(text.dropFirst(5))) : nil }
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), 1...65535 ~= port
        else { return nil }
        let host = text[..<colon].trimmingPrefix("http://").filter { $0 != "[" && $0 != "]" }
        return host.isEmpty ? nil : .tcp(host: String(host), port: port)
    }
}

extension ListenAddress {
    /// Whoever listens everywhere is here too.
    fileprivate var reachable: ListenAddress {
        switch self {
        case .tcp("0.0.0.0", let port): .tcp(host: "127.0.0.1", port: port)
        case .tcp("::", let port): .tcp(host: "::1", port: port)
        case .tcp, .unix: self
        }
    }
}
