// SPDX-License-Identifier: Apache-2.0

extension ForwardConfiguration {
    static func decode(_ reader: inout MappingReader) -> ForwardConfiguration {
        var forward = ForwardConfiguration()
        forward.undeclared = reader.choice("undeclared", default: forward.undeclared)
        forward.ports = reader.elements("ports") { $0.int(in: 1...65535, $1) }.map { Set($0) } ?? forward.ports
        let wait = Duration.milliseconds(100)...Duration.seconds(7 * 86400)
        forward.idle = reader.duration("idle", in: wait, default: forward.idle)
        forward.total = reader.duration("total", in: wait, default: forward.total)
        return forward
    }
}
