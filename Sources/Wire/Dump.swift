import Causality
package import Changes

/// Frames, bundles and change sets as text for auditors: one change per line.
///
/// Control characters are escaped, so that nothing in the data can act on a terminal. The form may change; it is
/// for people.
package enum Dump {
  /// How things are called.
  package struct Style: Sendable {
    let schema: Schema?
    let time: @Sendable (UInt64) -> String

    /// What `schema` does not know, and all without one, is shown by number: tables as `t1000`, columns as `c3`.
    /// `time`: the text of milliseconds since 1970.
    package init(
      schema: Schema? = nil, time: @escaping @Sendable (UInt64) -> String = { "\($0)" }
    ) {
      (self.schema, self.time) = (schema, time)
    }

    fileprivate func name(_ table: TableID) -> String {
      schema?.table(table)?.name ?? "t\(table.number)"
    }

    fileprivate func name(_ column: ColumnID, of table: TableID) -> String {
      let columns = schema?.table(table)?.columns ?? []
      return columns.first { $0.id == column }?.name ?? "c\(column.number)"
    }
  }

  /// The header of a change set, then one line per row and control operation.
  package static func lines(of changeSet: ChangeSet, _ style: Style = Style()) -> [String] {
    let header = changeSet.header
    var first = "change set \(header.dot) at \(style.time(header.timestamp.milliseconds))"
    if header.timestamp.counter > 0 { first += "+\(header.timestamp.counter)" }
    first += " schema \(header.schemaVersion) author \(quoted(header.author))"
    if !header.reason.isEmpty { first += " reason \(quoted(header.reason))" }
    if !header.contextAdvance.isEmpty { first += " context \(header.contextAdvance)" }
    if !header.parts.isEmpty {
      first += " parts " + header.parts.map { "\($0.stream):\($0.number)" }.joined(separator: ", ")
    }
    var lines = [first]
    for block in changeSet.body.blocks {
      var notes = block.notes[...]
      for row in 0..<block.rowCount {
        // Notes ascend by row.
        let own = notes.prefix { $0.row == row }
        notes = notes.dropFirst(own.count)
        lines.append("  " + line(of: row, in: block, notes: own, style))
      }
    }
    for control in changeSet.body.controls { lines.append("  " + line(of: control)) }
    return lines
  }

  /// The lines of all complete frames. Throws at the first that is none.
  package static func lines(ofFrames bytes: [UInt8]) throws(WireError) -> [String] {
    var decoder = FrameDecoder()
    decoder.append(bytes)
    var lines: [String] = []
    while let message = try decoder.next() { lines += try Self.lines(of: message) }
    if decoder.pendingByteCount > 0 {
      lines.append("(\(decoder.pendingByteCount) bytes of an incomplete frame)")
    }
    return lines
  }

  /// The lines of a whole bundle. Throws when it is damaged or ends early.
  package static func lines(ofBundle bytes: [UInt8]) throws(WireError) -> [String] {
    var reader = BundleReader()
    reader.append(bytes)
    var lines: [String] = []
    while let message = try reader.next() { lines += try Self.lines(of: message) }
    try reader.finish()
    return lines
  }

  /// The lines of one message. Throws when a change set in it is not canonical.
  package static func lines(
    of message: Message, _ style: Style = Style()
  ) throws(WireError) -> [String] {
    switch message {
    case .hello(let hello):
      let versions = hello.protocolVersions
      let first =
        "hello \(hello.replica) protocol \(versions.lowerBound)–\(versions.upperBound) "
        + "schema \(hello.schemaVersion) at \(style.time(hello.wallMilliseconds)) "
        + "quarantined \(hello.quarantineCount) challenge \(hex(hello.challenge))"
      return [first]
        + hello.streams.map {
          "  \($0.stream) heads \(String($0.headsHash, radix: 16)) digest \(hex($0.digest))"
        }
    case .knowledge(let knowledge):
      let head = knowledge.receiverHead.map { " head \($0)" } ?? ""
      return ["knowledge \(knowledge.stream) \(knowledge.known)" + head]
    case .changes(let changes):
      var lines: [String] = []
      for changeSet in changes.changeSets {
        lines += Self.lines(of: try changeSet.decoded(), style)
      }
      return lines + changes.heads.map { "head \($0.dot) \($0.hash)" }
    case .part(let part):
      return [
        "part \(part.index + 1) of \(part.count) of \(part.dot): \(part.bytes.count) bytes "
          + "of \(part.contentHash)"
      ]
    case .acknowledgement(let ack):
      return ["acknowledgement \(ack.stream) held \(ack.held) needs \(ack.needs) top \(ack.top)"]
    case .error(let error):
      return [
        "error \(error.code.rawValue) \(error.code) \(quoted(error.subject)) "
          + "retry after \(error.retryAfterMilliseconds)"
      ]
    case .done: return ["done"]
    case .bundleManifest(let manifest):
      let target = manifest.to.map(\.description) ?? "any holder"
      let purpose = manifest.isAcknowledgement ? " acknowledgement" : ""
      let first =
        "bundle\(purpose) from \(manifest.from) to \(target) at \(style.time(manifest.createdMilliseconds)), "
        + "\(manifest.frameCount) frames"
      return [first] + manifest.ranges.map { "  \($0.stream) after \($0.after) up to \($0.upTo)" }
    case .bundleSeal(let seal): return ["seal \(seal.contentHash)"]
    }
  }

  private static func line(
    of row: Int, in block: RowBlock, notes: ArraySlice<RegisterNote>, _ style: Style
  ) -> String {
    let key = (0..<block.keyWidth).map { text(of: block.cells.value(row, $0)) }
    var line = "\(block.kind) \(style.name(block.table)) \(key.joined(separator: "/"))"
    for (index, column) in block.columns.enumerated() {
      let place = block.keyWidth + index
      let new = text(of: block.cells.value(row, place))
      line += " " + style.name(column.column, of: block.table)
      if column.group.number != column.column.number { line += "(g\(column.group.number))" }
      if block.hasBefore {
        line += ": \(text(of: block.cells.value(row, place + block.columns.count))) → \(new)"
      } else {
        line += ": \(new)"
      }
    }
    for note in notes {
      if let over = note.over {
        let dots = over.map { "\($0.replica):\($0.number)" }.joined(separator: ", ")
        line += " [g\(note.group.number) over {\(dots)}]"
      }
      if let origin = note.origin {
        line += " [g\(note.group.number) origin \(origin.dot) by \(quoted(origin.author))]"
      }
    }
    return line
  }

  private static func line(of control: ControlOperation) -> String {
    func name(_ dot: StreamDot) -> String { "\(dot.replica):\(dot.number)" }
    switch control {
    case .refuse(let dot, let reason, let detail):
      return "refuse \(name(dot)) \(reason) \(quoted(detail))"
    case .suspect(let dot): return "suspect \(name(dot))"
    case .fence(let replica): return "fence \(replica)"
    case .retire(let replica, let last): return "retire \(replica) after \(last)"
    case .fork(let dot, let first, let second): return "fork \(name(dot)) \(first) \(second)"
    case .stable(let vector): return "stable \(vector)"
    case .unknown(let code, let bytes): return "unknown control \(code): \(hex(bytes))"
    }
  }

  private static func text(of value: Value) -> String {
    switch value {
    case .text(let bytes): quoted(String(decoding: bytes, as: UTF8.self))
    case .real(let bits): "real x'\(String(bits, radix: 16))'"
    case .null, .integer, .blob: value.description
    }
  }

  /// Text in quotes, with control characters and quotes escaped.
  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default:
        if scalar == "\"" || scalar == "\\" { result += "\\" }
        result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  private static func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}
