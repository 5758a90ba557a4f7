// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What libFuzzer calls with octets of its own: the parser that the environment names, which must neither crash nor
/// contradict itself.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    FuzzTarget.chosen.run(Array(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

enum FuzzTarget: String, CaseIterable {
    case request, response, chunks, proxy, frames, json, multipart, fields, directives, structured, configuration,
        certificate

    static let chosen: FuzzTarget = {
        let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
        guard let target = FuzzTarget(rawValue: name) else {
            print("FUZZ_TARGET is one of \(Self.allCases.map(\.rawValue).joined(separator: " "))")
            exit(64)
        }
        return target
    }()

    func run(_ bytes: [UInt8]) {
        switch self {
        case .request: fuzzRequests(bytes)
        case .response: fuzzResponses(bytes)
        case .chunks: fuzzChunks(bytes)
        case .proxy: fuzzProxyHeader(bytes)
        case .frames: fuzzFrames(bytes)
        case .json: fuzzJSON(bytes)
        case .multipart: fuzzMultipart(bytes)
        case .fields: fuzzFields(bytes)
        case .directives: fuzzDirectives(bytes)
        case .structured: fuzzStructured(bytes)
        case .configuration: fuzzConfiguration(bytes)
        case .certificate: fuzzCertificate(bytes)
        }
    }
}

/// Ends the process, for libFuzzer to keep the input.
func require(_ isSo: Bool, _ what: String) {
    guard !isSo else { return }
    let line = "contradiction: \(what)\n"
    _ = line.utf8.withContiguousStorageIfAvailable { write(2, $0.baseAddress, $0.count) }
    abort()
}
