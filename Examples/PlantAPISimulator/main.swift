// SPDX-License-Identifier: Apache-2.0

import NIOPosix

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

// Speaks the HTTP APIs of Plant.id and Pl@ntNet on the loopback interface, and fails in the way it is told to.

func complain(_ text: String) {
    let line = Array("plant-api-simulator: \(text)\n".utf8)
    _ = write(STDERR_FILENO, line, line.count)
}

let arguments: Arguments
do {
    arguments = try Arguments(CommandLine.arguments.dropFirst())
} catch {
    complain("\(error)\n\(Arguments.usage)")
    exit(64)
}
if arguments.wantsHelp {
    print(Arguments.usage)
    exit(0)
}

do {
    let simulator = Simulator(arguments, group: MultiThreadedEventLoopGroup.singleton)
    for line in try await simulator.start() { print(line) }
    print("ready")
    // A program that waits for the line reads it from a pipe, which is not flushed by itself.
    fflush(nil)
    try await simulator.run()
} catch {
    complain("\(error)")
    exit(1)
}
