// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import ProxyConfiguration

/// Why the engine cannot run, or cannot change, as the configuration says.
package enum EngineError: Error, CustomStringConvertible {
    case cannotListen(ListenAddress, any Error)
    /// What TLS makes of a certificate that was good when the file was read.
    case cannotSecure(ListenAddress, any Error)
    /// - Parameter why: A sentence, with the names of files.
    case cannotIntercept(_ why: String)
    /// - Parameter upstream: Its name.
    case cannotTrust(upstream: String, file: String)

    package var description: String {
        switch self {
        case .cannotListen(let address, let error):
            "cannot listen on \(address): \((error as? IOError)?.sentence ?? "\(error)")"
        case .cannotSecure(let address, let error):
            "cannot use the certificate of \(address): \(error)"
        case .cannotIntercept(let why): "cannot intercept: \(why)"
        case .cannotTrust(let upstream, let file):
            "cannot read certificates for \(upstream) from \(file)"
        }
    }
}
