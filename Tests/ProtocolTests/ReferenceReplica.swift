import Causality
import Changes
import Merge
import Wire

/// A replica of one stream as the pages describe it, without a database: chains, signatures, the apply rule,
/// merge, refusals and marks, row hashes. It shares the merge with the product and no line with its store.
struct ReferenceReplica {
  enum Outcome: String {
    case applied, duplicate, forkDetected, unprovedChangeSet, parked
  }

  struct RowID: Hashable, Comparable {
    let table: TableID
    let key: RowKey

    static func < (left: RowID, right: RowID) -> Bool {
      (left.table, left.key) < (right.table, right.key)
    }
  }

  private struct Entry {
    let dot: StreamDot
    let content: ContentHash
    let operations: [(row: RowID, operation: RowOperation)]
  }

  let stream: StreamID
  let tree: ScopeTree
  let policies: @Sendable (TableID) -> RowPolicies
  private(set) var known = VersionVector()
  private(set) var rows: [RowID: RowRegisters] = [:]
  private(set) var chains: [StreamDot: ContentHash] = [:]
  /// In apply order, as they came.
  private(set) var log: [EncodedChangeSet] = []
  private var contexts: [ReplicaID: VersionVector] = [:]
  private var entries: [Entry] = []
  private var refused: Set<StreamDot> = []
  private var suspect: Set<StreamDot> = []

  init(
    stream: StreamID, tree: ScopeTree, policies: @escaping @Sendable (TableID) -> RowPolicies
  ) {
    (self.stream, self.tree, self.policies) = (stream, tree, policies)
  }

  static func contentHash(_ changeSet: EncodedChangeSet) throws -> ContentHash {
    Digest.sha256(
      [HashDomain.changeSet.rawValue] + changeSet.header + (try changeSet.canonicalBody()))
  }

  static func chainHash(_ previous: ContentHash, _ content: ContentHash) -> ContentHash {
    Digest.sha256(ChangeSetCodec.chainInput(previous: previous, content: content))
  }

  /// hash_n of a replica's change set; zeros for n = 0, nil when it is not known.
  func chain(_ replica: ReplicaID, _ number: UInt64) -> ContentHash? {
    number == 0 ? .zero : chains[StreamDot(replica: replica, number: number)]
  }

  /// Applies one change set whose signature was checked.
  mutating func apply(_ encoded: EncodedChangeSet) throws -> Outcome {
    let changeSet = try encoded.decoded()
    let header = changeSet.header
    let content = try Self.contentHash(encoded)
    let dot = StreamDot(replica: header.replica, number: header.number)
    if let entry = entries.first(where: { $0.dot == dot }) {
      return entry.content == content ? .duplicate : .forkDetected
    }
    let context = (contexts[header.replica] ?? VersionVector()).union(header.contextAdvance)
    guard header.number == known[header.replica] + 1, known.dominates(context),
      let previous = chain(header.replica, header.number - 1)
    else { return .parked }
    contexts[header.replica] = context
    known[header.replica] = header.number
    chains[dot] = Self.chainHash(previous, content)
    log.append(encoded)
    let write = WriteContext(dot: header.dot, known: context)
    take(changeSet.body.controls.filter { mayJudge($0, header, context) })
    var operations: [(row: RowID, operation: RowOperation)] = []
    for block in changeSet.body.blocks {
      for row in 0..<block.rowCount {
        guard let key = block.key(row) else { continue }
        let id = RowID(table: block.table, key: key)
        operations.append((id, operation(block, row, header, write)))
      }
    }
    entries.append(Entry(dot: dot, content: content, operations: operations))
    for (id, _) in operations { rebuild(id) }
    return .applied
  }

  /// Whether a refusal or mark has effect (4-Merge §6).
  private func mayJudge(
    _ control: ControlOperation, _ header: ChangeSetHeader, _ context: VersionVector
  ) -> Bool {
    let dot: StreamDot
    switch control {
    case .refuse(let named, _, _): dot = named
    case .suspect(let named): dot = named
    case .fence, .retire, .fork, .stable, .unknown: return false
    }
    let (judge, author) = (header.replica.node, dot.replica.node)
    guard judge.terminal == 0, context.contains(dot.replica, dot.number) else { return false }
    return judge.scope == author.scope
      ? author.terminal != 0 : tree.isAtOrAbove(judge.scope, author.scope)
  }

  private mutating func take(_ controls: [ControlOperation]) {
    for control in controls {
      switch control {
      case .refuse(let dot, _, _): refused.insert(dot)
      case .suspect(let dot): suspect.insert(dot)
      case .fence, .retire, .fork, .stable, .unknown: continue
      }
      for id in Array(rows.keys) { rebuild(id) }
    }
  }

  /// The row from all operations on it that are not refused: slow, and right by definition.
  private mutating func rebuild(_ id: RowID) {
    let history = entries.filter { !refused.contains($0.dot) }.flatMap { entry in
      entry.operations.filter { $0.row == id }.map(\.operation)
    }
    var registers = RowRegisters.rebuild(history: history, policies(id.table))
    for dot in suspect.sorted() {
      _ = registers.mark(
        suspect: Dot(stream: stream, replica: dot.replica, number: dot.number))
    }
    rows[id] = registers
  }

  private func operation(
    _ block: RowBlock, _ row: Int, _ header: ChangeSetHeader, _ context: WriteContext
  ) -> RowOperation {
    let groups = block.groups
    func write(_ group: GroupID, _ value: RegisterValue, _ register: Int) -> RegisterWrite {
      let note = block.notes.first { $0.row == row && $0.group == group }
      let list = block.hasBefore ? block.beforeIndex[row * (groups.count + 1) + register] : 0
      let origin = note?.origin
      return RegisterWrite(
        kind: block.kind,
        origin: WriteOrigin(
          dot: origin?.dot ?? header.dot, timestamp: origin?.timestamp ?? header.timestamp,
          tier: tree.tier(of: (origin?.dot.replica ?? header.replica).node.scope)
            ?? Tier(depth: .max)),
        value: value, over: note?.over,
        hadValue: block.hasBefore && !block.beforeDots[Int(list)].isEmpty)
    }
    let existence: RegisterValue =
      switch block.kind {
      case .insert: .alive(isInsert: true)
      case .update: .alive(isInsert: false)
      case .delete: .dead
      }
    return RowOperation(
      context: context, existence: write(.existence, existence, 0),
      groups: groups.enumerated().map { index, group in
        let values = block.columns.indices.filter { block.columns[$0].group == group }.map {
          block.cells.value(row, block.keyWidth + $0)
        }
        return RowOperation.Group(id: group, write: write(group, .columns(values), index + 1))
      })
  }
}

extension ReferenceReplica {
  /// Protocol/5-Frames §4: the first 8 bytes of SHA-256 over the heads.
  var headsHash: UInt64 {
    var bytes = [HashDomain.heads.rawValue]
    for entry in known.entries {
      bytes += bigEndian(entry.replica.packed) + bigEndian(entry.number)
      bytes += chain(entry.replica, entry.number)?.bytes ?? []
    }
    return Digest.sha256(bytes).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Protocol/4-Merge §11: the sum of the row hashes of the rows that live.
  var digest: [UInt8] {
    var sum = UInt128(0)
    for (id, row) in rows where row.isAlive {
      sum &+= Self.rowHash(id, row, stream.scope).prefix(16).reduce(0) { $0 << 8 | UInt128($1) }
    }
    return bigEndian(sum)
  }

  /// Protocol/4-Merge §11.
  static func rowHash(_ id: RowID, _ row: RowRegisters, _ scope: Scope) -> [UInt8] {
    var bytes = [HashDomain.row.rawValue]
    bytes += bigEndian(id.table.number) + bigEndian(scope.code)
    bytes += bigEndian(UInt32(id.key.bytes.count)) + id.key.bytes
    let registers =
      [(GroupID.existence, row.existence)] + row.groups.map { ($0.id, $0.register) }
    let dots = Set(registers.flatMap { $0.1.dots.map(\.streamDot) }).sorted()
    bytes += bigEndian(UInt16(dots.count))
    for dot in dots { bytes += bigEndian(dot.replica.packed) + bigEndian(dot.number) }
    for (group, register) in registers {
      bytes += bigEndian(group.number) + bigEndian(UInt16(register.dots.count))
      for dot in register.dots {
        bytes += bigEndian(UInt16(dots.firstIndex(of: dot.streamDot) ?? 0))
        switch dot.value {
        case .dead: bytes.append(0)
        case .alive(let isInsert): bytes.append(isInsert ? 2 : 1)
        case .columns(let values): for value in values { bytes += encoded(value) }
        }
      }
    }
    return Digest.sha256(bytes).bytes
  }

  private static func encoded(_ value: Value) -> [UInt8] {
    switch value {
    case .null: [value.kind.rawValue]
    case .integer(let number): [value.kind.rawValue] + bigEndian(number)
    case .real(let bits): [value.kind.rawValue] + bigEndian(bits)
    case .text(let bytes), .blob(let bytes):
      [value.kind.rawValue] + bigEndian(UInt32(bytes.count)) + bytes
    }
  }
}
