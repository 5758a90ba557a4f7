// SPDX-License-Identifier: Apache-2.0

import CLibYAML

/// What libyaml finds in a text, one after the other. The only place that touches libyaml and its pointers.
struct YAMLEvents: ~Copyable {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    /// libyaml reads from it until the end, so it lives as long as the parser.
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let source: Source

    init(_ source: Source) throws(YAMLSyntaxError) {
        self.source = source
        self.parser = .allocate(capacity: 1)
        self.input = .allocate(capacity: source.bytes.count)
        _ = self.input.initialize(from: source.bytes)
        guard yaml_parser_initialize(self.parser) == 1 else {
            throw YAMLSyntaxError("there is not enough memory to read it", at: Position(line: 1, column: 1))
        }
        yaml_parser_set_encoding(self.parser, YAML_UTF8_ENCODING)
        yaml_parser_set_input_string(self.parser, self.input.baseAddress, self.input.count)
    }

    deinit {
        yaml_parser_delete(self.parser)
        self.parser.deallocate()
        self.input.deallocate()
    }

    mutating func next() throws(YAMLSyntaxError) -> YAMLEvent {
        var event = yaml_event_t()
        guard yaml_parser_parse(self.parser, &event) == 1 else { throw self.syntaxError() }
        defer { yaml_event_delete(&event) }
        return YAMLEvent(
            kind: Self.kind(of: event),
            location: Location(
                source: self.source,
                start: Position(event.start_mark),
                end: Position(event.end_mark)
            )
        )
    }

    private static func kind(of event: yaml_event_t) -> YAMLEvent.Kind {
        switch event.type {
        case YAML_DOCUMENT_START_EVENT: return .documentStart
        case YAML_DOCUMENT_END_EVENT: return .documentEnd
        case YAML_ALIAS_EVENT: return .alias(Self.text(event.data.alias.anchor) ?? "")
        case YAML_SCALAR_EVENT:
            let scalar = event.data.scalar
            let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
            return .scalar(
                String(decoding: bytes, as: UTF8.self),
                isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE,
                Properties(anchor: Self.text(scalar.anchor), tag: Self.text(scalar.tag))
            )
        case YAML_SEQUENCE_START_EVENT:
            let start = event.data.sequence_start
            return .sequenceStart(Properties(anchor: Self.text(start.anchor), tag: Self.text(start.tag)))
        case YAML_SEQUENCE_END_EVENT: return .sequenceEnd
        case YAML_MAPPING_START_EVENT:
            let start = event.data.mapping_start
            return .mappingStart(Properties(anchor: Self.text(start.anchor), tag: Self.text(start.tag)))
        case YAML_MAPPING_END_EVENT: return .mappingEnd
        case YAML_STREAM_START_EVENT: return .streamStart
        default: return .streamEnd
        }
    }

    typealias Properties = YAMLEvent.Properties

    private static func text(_ pointer: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        pointer.map { String(cString: $0) }
    }

    private func syntaxError() -> YAMLSyntaxError {
        let state = self.parser.pointee
        let problem = state.problem.map { String(cString: $0) } ?? "it is not YAML"
        if state.error == YAML_READER_ERROR {
            return YAMLSyntaxError(problem, at: self.position(ofByte: state.problem_offset))
        }
        guard let context = state.context else { return YAMLSyntaxError(problem, at: Position(state.problem_mark)) }
        return YAMLSyntaxError(
            "\(problem) \(String(cString: context)) that begins on line \(state.context_mark.line + 1)",
            at: Position(state.problem_mark)
        )
    }

    private func position(ofByte offset: Int) -> Position {
        let starts = self.source.lineStarts()
        let line = starts.lastIndex { $0 <= offset } ?? 0
        let before = self.source.bytes[starts[line]..<min(offset, self.source.bytes.count)]
        return Position(line: line + 1, column: String(decoding: before, as: UTF8.self).unicodeScalars.count + 1)
    }
}

struct YAMLEvent {
    struct Properties {
        var anchor: String?
        var tag: String?
    }

    enum Kind {
        case streamStart, streamEnd, documentStart, documentEnd
        case alias(String)
        case scalar(String, isPlain: Bool, Properties)
        case sequenceStart(Properties)
        case sequenceEnd
        case mappingStart(Properties)
        case mappingEnd
    }

    var kind: Kind
    var location: Location
}

/// The text is not YAML, or more of it than a configuration can be. Nothing after it can be read.
struct YAMLSyntaxError: Error {
    var message: String
    var position: Position

    init(_ message: String, at position: Position) {
        self.message = message
        self.position = position
    }
}

extension Position {
    fileprivate init(_ mark: yaml_mark_t) {
        self.init(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    }
}
