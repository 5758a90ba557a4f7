// SPDX-License-Identifier: Apache-2.0

import HTTPCaching
import HTTPMessage
import NIOCore
import ProxyConfiguration

/// Finds who answers a request, and lets them: a snapshot with its routes.
final class Dispatcher: Sendable {
    let snapshot: Snapshot
    /// Hides the credentials of every upstream in what is logged.
    let mask: TargetMask
    let clients: ClientLimits
    let main: Router
    private let admin: Router
    private let gates: AccessGates
    /// One for each worker, by its index.
    private let recentHeads: [NIOLoopBoundBox<RecentHeads>]

    init(_ snapshot: Snapshot, workers: [Worker], main: [LocalRoute], admin: [LocalRoute]) {
        self.snapshot = snapshot
        self.clients = ClientLimits(snapshot.configuration.downstream)
        self.mask = TargetMask(snapshot.upstreams.reduce(into: []) { $0.formUnion($1.credentials.query) })
        self.main = Router(upstreams: snapshot.upstreams, local: main)
        self.admin = Router(upstreams: [], local: admin)
        self.gates = AccessGates(snapshot.configuration)
        self.recentHeads = workers.map { worker in
            NIOLoopBoundBox.makeBoxSendingValue(RecentHeads(), eventLoop: worker.loop)
        }
    }

    func recentHeads(of worker: Worker) -> RecentHeads { self.recentHeads[worker.index].value }

    /// Whether every request of a client is let in as it is.
    func admitsAll(of client: Request.Client, at listener: Listener) -> Bool {
        self.gates.admitsAll(of: client, at: listener)
    }

    /// Goes as far with a request as it gets without waiting. Never throws: whatever goes wrong is an answer too.
    func begin(_ request: Request, at listener: Listener) -> Step {
        do throws(ProxyError) {
            guard self.gates.areAllOpen else {
                return try self.begin(admitted: self.gates.admitted(request, at: listener), at: listener)
            }
            return try self.begin(admitted: request, at: listener)
        } catch {
            return .answered(error.response())
        }
    }

    private func begin(admitted request: Request, at listener: Listener) throws(ProxyError) -> Step {
        if let place = request.recent?.place { return place.upstream.begin(request, path: place.path) }
        if request.head.method == .options, request.head.target == "*" { return .answered(Self.optionsOfServer) }
        // What it echoes would be the keys that were added on the way.
        if request.head.method == .trace { return .answered(Self.refusalOfTrace) }
        if request.head.method == .connect { return try self.connect(request, at: listener.role) }
        var target = try RequestTarget(request.head.target)
        if let tunnel = request.client.tunnel {
            try target.confine(to: tunnel.origin, host: request.head.fields["host"])
        }
        guard request.head.method == .options || target.authority != nil else {
            return try self.route(request, target, at: listener.role)
        }
        var head = request.head
        // RFC 9110, 7.6.2: whoever asks how far it goes wants to hear from the last one.
        if head.method == .options, !head.takeForward() { return .answered(Self.optionsOfServer) }
        // RFC 9112, 3.2.2: what Host says beside an absolute target is of no effect.
        if let authority = target.authority { head.fields.set("Host", authority.description) }
        // The same section: a server is asked for its own resources in this form too.
        if self.isOwn(target, at: listener) { target.authority = nil }
        return try self.route(request.naming(head), target, at: listener.role)
    }

    /// Whether a target names the listener itself, and no upstream that is declared.
    private func isOwn(_ target: RequestTarget, at listener: Listener) -> Bool {
        guard let authority = target.authority else { return false }
        let port = target.defaultPort
        switch listener.role {
        case .admin: return true
        case .main:
            return (try? self.main.upstream(at: authority, defaultPort: port)) == nil
                && listener.isReached(by: authority, defaultPort: port)
        }
    }

    private func route(
        _ request: Request,
        _ target: RequestTarget,
        at role: Listener.Role
    ) throws(ProxyError) -> Step {
        switch try (role == .main ? self.main : self.admin).match(target) {
        case .upstream(let upstream, let path):
            try self.refuseLoop(request.head.fields)
            request.recent?.place = (upstream, path)
            let isOfServer = request.head.method == .options && target.hasNoPath
            return upstream.begin(request, path: isOfServer ? "*" : path)
        case .local(let route):
            return .local(route, request, target)
        }
    }

    /// RFC 9110, 9.3.7: what the server can do as a whole, which says little more than that it is there.
    private static var optionsOfServer: Response {
        Response(ResponseHead(204, fields: ["Allow": Self.methods]))
    }

    private static var refusalOfTrace: Response {
        var response = ProxyError(.methodNotAllowed, "TRACE is not passed on").response()
        response.head.fields.add("Allow", Self.methods)
        return response
    }

    private static let methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

    /// RFC 9110, 7.6.3: a request that has been here before would go round for ever.
    func refuseLoop(_ fields: HeaderFields) throws(ProxyError) {
        guard fields.contains("via") else { return }
        let hasBeenHere = fields.list("via").contains {
            $0.split(separator: " ").dropFirst().first == RequestID.pseudonym[...]
        }
        if hasBeenHere { throw ProxyError(.loop, "Via names this proxy") }
    }
}

extension RequestHead {
    /// Takes one off `Max-Forwards`, if it is given. Returns false when there is none left.
    fileprivate mutating func takeForward() -> Bool {
        guard let value = self.fields["max-forwards"], !value.isEmpty, value.utf8.allSatisfy({ 0x30...0x39 ~= $0 })
        else { return true }
        // RFC 9110, 7.6.2: of a number that is too long for us the largest is left that is not.
        let left = UInt32(value) ?? .max
        guard left > 0 else { return false }
        self.fields.set("Max-Forwards", String(left - 1))
        return true
    }
}

extension LocalRoute {
    func response(to request: Request, _ target: RequestTarget) async -> Response {
        do throws(ProxyError) {
            return try await self.answer(to: request, target)
        } catch {
            return error.response()
        }
    }

    private func answer(to request: Request, _ target: RequestTarget) async throws(ProxyError) -> Response {
        guard self.allows(request.head.method) else {
            var response = ProxyError(.methodNotAllowed, "allowed here: \(self.allow)").response()
            response.head.fields.add("Allow", self.allow)
            return response
        }
        guard case .whole(let content) = try await request.body.collect(upTo: self.handler.maxBody) else {
            throw ProxyError(.contentTooLarge, "at most \(self.handler.maxBody) bytes are taken here")
        }
        let answer = await self.handler.respond(
            to: LocalRequest(
                head: request.head,
                path: target.path,
                query: target.query.map(String.init),
                body: content,
                client: request.client,
                worker: request.worker,
                id: request.id
            )
        )
        // What was given up for want of a client is no answer, least of all a failure.
        if Task.isCancelled { throw ProxyError(.cancelled, "the client went away") }
        var response = Response(ResponseHead(answer.status, fields: answer.fields), .whole(answer.body))
        response.report.reason = answer.reason
        return response
    }
}
