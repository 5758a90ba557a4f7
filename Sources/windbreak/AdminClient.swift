// SPDX-License-Identifier: Apache-2.0

import Glibc
import HTTPMessage
import NIOCore
import NIOPosix
import NIOSSL
import ProxyConfiguration
import Synchronization

/// Asks a windbreak that runs, over its admin listener.
struct AdminClient: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private final class Flag: Sendable {
        private let value = Atomic(false)
        var isSet: Bool { self.value.load(ordering: .relaxed) }
        func set() { self.value.store(true, ordering: .relaxed) }
    }

    private static let timeout: TimeAmount = .seconds(30)
    private static let maxAnswer = 64 << 20

    let address: ListenAddress
    var token: Secret?
    /// What the listener shows, if it speaks TLS: who it was given to is not asked for, since the file has it.
    var certificate: NIOSSLCertificate?

    /// The answer to a request, if it is one of success.
    ///
    /// - Parameter form: What goes along, as the content of a POST.
    func send(_ method: HTTPMethod, _ target: String, form: String? = nil) async throws -> JSON {
        let answer: ByteBuffer
        // How the connection ends of which a certificate is refused is a matter of chance.
        let isRefused = Flag()
        do {
            answer = try await self.exchange(self.request(method, target, form), isRefused)
        } catch let failure as Failure {
            throw failure
        } catch _ where isRefused.isSet {
            throw Failure(description: "\(self.address) does not show the certificate that the file has for it")
        } catch {
            throw Failure(description: "no answer from \(self.address): \(Self.words(for: error))")
        }
        guard let (status, content) = Self.parse(answer), let json = try? JSON(parsing: content.readableBytesView)
        else {
            throw Failure(description: "\(self.address) does not answer as an admin listener does")
        }
        guard status == 200 else {
            throw Failure(description: json["detail"]?.string ?? "\(self.address) answers with status \(status)")
        }
        return json
    }

    private static func words(for error: any Error) -> String {
        let cause = (error as? NIOConnectionError)?.connectionErrors.first?.error ?? error
        guard let code = (cause as? IOError)?.errnoCode else { return "\(cause)" }
        let isNobody = code == ECONNREFUSED || code == ENOENT
        return String(cString: strerror(code)) + (isNobody ? "; does windbreak run, with this admin listener?" : "")
    }

    private func request(_ method: HTTPMethod, _ target: String, _ form: String?) -> ByteBuffer {
        var host = "localhost"
        if case .tcp = self.address { host = self.address.description }
        var lines = ["\(method.rawValue) \(target) HTTP/1.1", "Host: \(host)", "Connection: close"]
        if let token { lines.append("X-Windbreak-Token: \(token.revealed)") }
        if let form {
            lines.append("Content-Type: application/x-www-form-urlencoded")
            lines.append("Content-Length: \(form.utf8.count)")
        }
        return ByteBuffer(string: lines.joined(separator: "\r\n") + "\r\n\r\n" + (form ?? ""))
    }

    /// All that comes back until the end of the connection.
    private func exchange(_ request: ByteBuffer, _ isRefused: Flag) async throws -> ByteBuffer {
        let connection = try await self.connect(isRefused)
        let limit = connection.channel.eventLoop.scheduleTask(in: Self.timeout) {
            connection.channel.close(promise: nil)
        }
        defer { limit.cancel() }
        return try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(request)
            var answer = ByteBuffer()
            for try await piece in inbound {
                answer.writeImmutableBuffer(piece)
                guard answer.readableBytes <= Self.maxAnswer else {
                    throw Failure(description: "the answer is too long")
                }
            }
            return answer
        }
    }

    private func connect(_ isRefused: Flag) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        let bootstrap = ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup).connectTimeout(.seconds(5))
        @Sendable func wrap(_ channel: any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> {
            channel.eventLoop.makeCompletedFuture {
                if let certificate {
                    try channel.pipeline.syncOperations.addHandler(Self.tls(to: certificate, isRefused))
                }
                return try NIOAsyncChannel(wrappingChannelSynchronously: channel)
            }
        }
        switch self.address {
        case .tcp(let host, let port):
            return try await bootstrap.connect(host: host, port: port, channelInitializer: wrap)
        case .unix(let path): return try await bootstrap.connect(unixDomainSocketPath: path, channelInitializer: wrap)
        }
    }

    private static func tls(to certificate: NIOSSLCertificate, _ isRefused: Flag) throws -> NIOSSLClientHandler {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.applicationProtocols = ["http/1.1"]
        configuration.certificateVerification = .noHostnameVerification
        return try NIOSSLClientHandler(context: NIOSSLContext(configuration: configuration), serverHostname: nil) {
            if $0.first != certificate { isRefused.set() }
            $1.succeed($0.first == certificate ? .certificateVerified : .failed)
        }
    }

    /// The status and the content; our own listener gives every answer its length.
    private static func parse(_ answer: ByteBuffer) -> (status: Int, content: ByteBuffer)? {
        var answer = answer
        guard let end = answer.readableBytesView.firstRange(of: "\r\n\r\n".utf8)?.lowerBound,
            let head = answer.readString(length: end - answer.readerIndex),
            answer.readBytes(length: 4) != nil
        else { return nil }
        let words = head.prefix { $0 != "\r\n" }.split(separator: " ")
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
        return (status, answer)
    }
}
