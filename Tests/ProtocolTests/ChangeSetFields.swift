import Causality
import Changes
import Wire

/// A header as fields of a vector.
struct HeaderFields: Codable, Equatable {
  var stream: String
  var replica: String
  var number: String
  var timestamp: String
  var schemaVersion: UInt32
  /// What rose; without the writer.
  var context: [String]
  var parts: [String]
  var author: String
  var reason: String

  init(_ header: ChangeSetHeader) {
    stream = header.stream.vector
    replica = header.replica.description
    number = "\(header.number)"
    timestamp = header.timestamp.vector
    schemaVersion = header.schemaVersion
    context = header.contextAdvance.vector
    parts = header.parts.map(\.vector)
    author = header.author
    reason = header.reason
  }

  func header() throws -> ChangeSetHeader {
    guard let number = UInt64(number) else { throw MalformedVector(what: number) }
    return ChangeSetHeader(
      stream: try StreamID(vector: stream), replica: try ReplicaID(vector: replica),
      number: number, contextAdvance: try VersionVector(vector: context),
      timestamp: try HybridTimestamp(vector: timestamp), schemaVersion: schemaVersion,
      parts: try parts.map { try TransactionPart(vector: $0) }, author: author, reason: reason)
  }
}

/// A body as fields of a vector.
struct BodyFields: Codable, Equatable {
  var blocks: [BlockFields]
  var controls: [ControlFields]

  init(_ body: ChangeSetBody) {
    blocks = body.blocks.map(BlockFields.init)
    controls = body.controls.map(ControlFields.init)
  }

  func body() throws -> ChangeSetBody {
    ChangeSetBody(
      blocks: try blocks.map { try $0.block() }, controls: try controls.map { try $0.control() })
  }
}

/// A block as fields: one entry of `rows` per row.
struct BlockFields: Codable, Equatable {
  struct Row: Codable, Equatable {
    var key: [String]
    var new: [String]
    var before: [String]?
    /// Per register, existence first, the dots that it had.
    var beforeDots: [[String]]?
  }

  struct Note: Codable, Equatable {
    var row: Int
    var group: UInt32
    var over: [String]?
    var originDot: String?
    var originTimestamp: String?
    var originAuthor: String?
  }

  var table: UInt32
  var kind: String
  /// Column and group.
  var columns: [[UInt32]]
  var rows: [Row]
  var notes: [Note]

  init(_ block: RowBlock) {
    table = block.table.number
    kind = "\(block.kind)"
    columns = block.columns.map { [$0.column.number, $0.group.number] }
    let registers = block.groups.count + 1
    let newEnd = block.keyWidth + block.columns.count
    rows = (0..<block.rowCount).map { row in
      func values(_ range: Range<Int>) -> [String] {
        range.map { block.cells.value(row, $0).vector }
      }
      return Row(
        key: values(0..<block.keyWidth), new: values(block.keyWidth..<newEnd),
        before: block.hasBefore ? values(newEnd..<block.cells.width) : nil,
        beforeDots: block.hasBefore
          ? (0..<registers).map {
            block.beforeDots[Int(block.beforeIndex[row * registers + $0])].map(\.vector)
          } : nil)
    }
    notes = block.notes.map { note in
      Note(
        row: note.row, group: note.group.number, over: note.over?.map(\.vector),
        originDot: note.origin?.dot.description, originTimestamp: note.origin?.timestamp.vector,
        originAuthor: note.origin?.author)
    }
  }

  func block() throws -> RowBlock {
    guard let kind = OperationKind.allCases.first(where: { "\($0)" == kind }),
      let first = rows.first
    else { throw MalformedVector(what: "block") }
    var block = RowBlock(
      table: TableID(table), kind: kind,
      columns: columns.map { CarriedColumn(column: ColumnID($0[0]), group: GroupID($0[1])) },
      keyWidth: first.key.count, hasBefore: first.before != nil)
    for row in rows {
      for value in row.key + row.new + (row.before ?? []) {
        block.cells.append(try Value(vector: value))
      }
      for list in row.beforeDots ?? [] {
        let dots = try list.map { try StreamDot(vector: $0) }
        let known = block.beforeDots.firstIndex(of: dots)
        block.beforeIndex.append(UInt32(known ?? block.beforeDots.count))
        if known == nil { block.beforeDots.append(dots) }
      }
    }
    block.notes = try notes.map { note in
      var origin: Origin?
      if let dot = note.originDot, let timestamp = note.originTimestamp {
        origin = Origin(
          dot: try Dot(vector: dot), timestamp: try HybridTimestamp(vector: timestamp),
          author: note.originAuthor ?? "")
      }
      return RegisterNote(
        row: note.row, group: GroupID(note.group),
        over: try note.over.map { try $0.map { try StreamDot(vector: $0) } }, origin: origin)
    }
    return block
  }
}

/// A control operation as fields; those that its kind has not are left out.
struct ControlFields: Codable, Equatable {
  var code: UInt16
  var dot: String?
  var replica: String?
  var reason: UInt16?
  var detail: String?
  var last: String?
  var hashes: [String]?
  var vector: [String]?
  /// The content of an operation that this version does not know.
  var content: String?

  init(_ control: ControlOperation) {
    switch control {
    case .refuse(let dot, let reason, let detail):
      code = ControlCodec.Code.refuse.rawValue
      (self.dot, self.reason, self.detail) = (dot.vector, reason.rawValue, detail)
    case .suspect(let dot):
      code = ControlCodec.Code.suspect.rawValue
      self.dot = dot.vector
    case .fence(let replica):
      code = ControlCodec.Code.fence.rawValue
      self.replica = replica.description
    case .retire(let replica, let last):
      code = ControlCodec.Code.retire.rawValue
      (self.replica, self.last) = (replica.description, "\(last)")
    case .fork(let dot, let first, let second):
      code = ControlCodec.Code.fork.rawValue
      self.dot = dot.vector
      hashes = [first, second].map { Hex.encode($0.bytes) }
    case .stable(let vector):
      code = ControlCodec.Code.stable.rawValue
      self.vector = vector.vector
    case .unknown(let code, let bytes):
      self.code = code
      content = Hex.encode(bytes)
    }
  }

  func control() throws -> ControlOperation {
    switch ControlCodec.Code(rawValue: code) {
    case .refuse:
      guard let reason = RefusalReason(rawValue: reason ?? 0) else {
        throw MalformedVector(what: "reason")
      }
      return .refuse(try StreamDot(vector: dot ?? ""), reason, detail: detail ?? "")
    case .suspect: return .suspect(try StreamDot(vector: dot ?? ""))
    case .fence: return .fence(try ReplicaID(vector: replica ?? ""))
    case .retire:
      return .retire(try ReplicaID(vector: replica ?? ""), last: UInt64(last ?? "") ?? 0)
    case .fork:
      let hashes = try (hashes ?? []).map { ContentHash(try Hex.decode($0)) ?? .zero }
      guard hashes.count == 2 else { throw MalformedVector(what: "fork") }
      return .fork(try StreamDot(vector: dot ?? ""), hashes[0], hashes[1])
    case .stable: return .stable(try VersionVector(vector: vector ?? []))
    case nil: return .unknown(code: code, bytes: try Hex.decode(content ?? ""))
    }
  }
}

extension WireError {
  /// The name of the fault, as Protocol/9-Limits §11 lists them.
  var vector: String {
    switch self {
    case .truncated: "truncated"
    case .nonCanonical: "nonCanonical"
    case .limitExceeded: "limitExceeded"
    case .unknownCode: "unknownCode"
    case .malformed: "malformed"
    case .checksumMismatch: "checksumMismatch"
    case .inflationFailed: "inflationFailed"
    case .frameOutOfPlace: "frameOutOfPlace"
    case .bundleTruncated: "bundleTruncated"
    case .trailingBytes: "trailingBytes"
    }
  }
}
