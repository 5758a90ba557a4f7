// SPDX-License-Identifier: Apache-2.0

import HTTPMessage
import NIOCore
import Synchronization

/// The last answer to an error, which is given again for as long as the errors that follow say the same: for a second
/// all rejections by one circuit do, and rejecting must be cheap.
final class RepeatedProblem: Sendable {
    private struct Answer {
        var error: ProxyError
        var head: ResponseHead
        var content: ByteBuffer
    }

    private let last = Mutex<Answer?>(nil)

    /// - Parameter error: Its `retryAfter` is to be in whole seconds, since it is compared.
    func response(to error: ProxyError) -> Response {
        let answer = self.last.withLock { last in
            if let last, last.error == error { return last }
            let (head, content) = error.problem
            let answer = Answer(error: error, head: head, content: content)
            last = answer
            return answer
        }
        return error.response(answer.head, answer.content)
    }
}
