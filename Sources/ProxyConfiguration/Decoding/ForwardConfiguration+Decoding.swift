// SPDX-License-Identifier: Apache-2.0

extension ForwardConfiguration {
    static func decode(_ reader: inout MappingReader) -> ForwardConfiguration {
        var forward = ForwardConfiguration()
        let wait = Duration.milliseconds(100)...Duration.seconds(7 * 86400)
        forward.idle = reader.duration("idle", in: wait, default: forward.idle)
        forward.total = reader.duration("total", in: wait, default: forward.total)
        return forward
    }
}
