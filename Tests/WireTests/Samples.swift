import Causality
import Changes
import TestSupport
import Wire

/// Generated change sets and messages; equal generators give equal samples.
enum Samples {
  static func replica(_ division: UInt32 = 530_102, terminal: UInt16 = 0, epoch: UInt32 = 1)
    -> ReplicaID
  {
    guard let node = NodeCode(division: division, terminal: terminal),
      let replica = ReplicaID(node: node, epoch: epoch)
    else { preconditionFailure("a sample replica") }
    return replica
  }

  static func stream(_ code: UInt32 = 530_102, _ channel: Channel = .both) -> StreamID {
    guard let scope = Scope(code: code) else { preconditionFailure("a sample scope") }
    return StreamID(scope: scope, channel: channel)
  }

  static func hash(_ random: inout SeededGenerator) -> ContentHash {
    guard let hash = ContentHash(random.bytes(32)) else { preconditionFailure("32 bytes") }
    return hash
  }

  static func anyReplica(_ random: inout SeededGenerator) -> ReplicaID {
    replica(
      random.pick([530_000, 530_100, 530_102, 530_103, 7]), terminal: UInt16(random.below(3)),
      epoch: UInt32(random.below(4) + 1))
  }

  static func vector(_ random: inout SeededGenerator) -> VersionVector {
    var vector = VersionVector()
    for _ in 0..<random.below(6) {
      vector[anyReplica(&random)] = random.next() >> UInt64(random.below(63))
    }
    return vector
  }

  static func text(_ random: inout SeededGenerator, mostCharacters: Int = 12) -> String {
    let alphabet = Array("云南省昆明市盘龙区有限公司é𝄞 a0-,\u{0}")
    return String((0..<random.below(mostCharacters)).map { _ in random.pick(alphabet) })
  }

  static func header(_ random: inout SeededGenerator) -> ChangeSetHeader {
    let replica = anyReplica(&random)
    var context = random.chance(50) ? VersionVector() : vector(&random)
    context[replica] = 0
    let stream = stream(
      random.pick([530_000, 530_102]), random.pick(Array(Channel.allCases)))
    let number = (random.next() >> UInt64(random.below(62))) + 1
    var parts: [TransactionPart] = []
    if random.chance(20) {
      parts = [
        TransactionPart(stream: self.stream(1), number: 4),
        TransactionPart(stream: stream, number: number),
        TransactionPart(stream: self.stream(999_999), number: 1),
      ]
    }
    return ChangeSetHeader(
      stream: stream, replica: replica, number: number, contextAdvance: context,
      timestamp: HybridTimestamp(
        milliseconds: random.next() >> 16, counter: random.chance(50) ? 0 : 7),
      schemaVersion: UInt32(random.below(300)), parts: parts,
      author: random.chance(30) ? "" : text(&random), reason: random.chance(70) ? "" : "why")
  }

  /// A value of one of the ways in which a column may look.
  static func value(_ style: Int, _ random: inout SeededGenerator) -> Value {
    switch style {
    case 0: .integer(Int64(bitPattern: random.next() >> UInt64(random.below(64))))
    case 1: .integer(1_700_000_000_000 + Int64(random.below(1_000)) * 500)
    case 2: .text(text(&random, mostCharacters: 30))
    case 3: .text(random.pick(["A", "B", "C", "D"]))
    case 4: .text("1380\(random.below(10_000_000))")
    case 5: random.chance(50) ? .null : .real(bits: random.next())
    case 6: .blob(random.bytes(random.below(20)))
    case 7: .text(creditCode(random.below(2_000)))
    case 8: .integer(42)
    case 9: .text(random.bytes(random.below(9)))
    case 10: value(random.below(10), &random)
    default:
      // Chinese enough for the coding into characters, in blocks of many rows.
      .text(
        (0..<random.below(20) + 1).map { _ in
          String(random.pick(Array("云南省昆明市盘龙区有限公司é1")))
        }.joined())
    }
  }

  static let styleCount = 12

  /// A valid code of GB 32100-2015 with that serial number.
  static func creditCode(_ serial: Int) -> String {
    let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY")
    let base36 = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    func value(_ set: [Character], _ character: Character) -> Int {
      set.firstIndex(of: character) ?? 0
    }
    var (rest, digits) = (serial, "")
    for _ in 0..<6 {
      digits = String(alphabet[rest % 31]) + digits
      rest /= 31
    }
    let body = "MA" + digits
    let inner =
      11 - zip(body, [3, 7, 9, 10, 5, 8, 4, 2]).reduce(0) { $0 + value(base36, $1.0) * $1.1 } % 11
    let check = inner == 11 ? "0" : inner == 10 ? "X" : "\(inner)"
    let code = "91530102" + body + check
    let weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
    let sum = zip(code, weights).reduce(0) { $0 + value(alphabet, $1.0) * $1.1 }
    return code + String(alphabet[(31 - sum % 31) % 31])
  }

  static func block(
    table: UInt32, kind: OperationKind, rows: Int, replica: ReplicaID,
    random: inout SeededGenerator,
    firstKey: Int = 0
  ) -> RowBlock {
    var number: UInt32 = 0
    let columns = (0..<(kind == .delete ? 0 : random.below(5) + 1)).map { _ in
      number += UInt32(random.below(3) + 1)
      return CarriedColumn(
        column: ColumnID(number), group: GroupID(random.chance(80) ? number : number - 1 | 1))
    }
    let keyWidth = random.below(3) + 1
    let hasBefore = kind != .insert
    var block = RowBlock(
      table: TableID(table), kind: kind, columns: columns, keyWidth: keyWidth,
      hasBefore: hasBefore)
    let keyStyle = random.below(4)
    let keys = (0..<rows).map { row in
      let index = firstKey + row
      let first: Value =
        switch keyStyle {
        case 0: .integer(Int64(index) * 7 - 50)
        case 1: .text(creditCode(index * 3))
        case 2: .text("row \(index)")
        default: .blob([UInt8(index >> 8), UInt8(index & 255), 0])
        }
      return [first] + (1..<keyWidth).map { _ in .text(random.pick(["x", "y", "12"])) }
    }.sorted { left, right in
      guard let left = RowKey(left), let right = RowKey(right) else { return false }
      return left < right
    }
    let styles = columns.map { _ in random.below(styleCount) }
    for key in keys {
      for value in key { block.cells.append(value) }
      for style in hasBefore ? styles + styles : styles {
        block.cells.append(value(style, &random))
      }
    }
    if hasBefore { addDots(to: &block, replica, &random) }
    addNotes(to: &block, &random)
    return block
  }

  private static func addDots(
    to block: inout RowBlock, _ replica: ReplicaID, _ random: inout SeededGenerator
  ) {
    let variety = random.below(3)
    for _ in 0..<block.rowCount * (block.groups.count + 1) {
      var list = [StreamDot(replica: replica, number: UInt64(random.below(3 * variety + 1) + 1))]
      if variety == 2 {
        list = (0..<random.below(3)).map {
          StreamDot(replica: anyReplica(&random), number: UInt64($0 + random.below(40) + 1))
        }
      }
      list = Array(Set(list)).sorted()
      if let index = block.beforeDots.firstIndex(of: list) {
        block.beforeIndex.append(UInt32(index))
      } else {
        block.beforeIndex.append(UInt32(block.beforeDots.count))
        block.beforeDots.append(list)
      }
    }
  }

  private static func addNotes(to block: inout RowBlock, _ random: inout SeededGenerator) {
    let groups = [GroupID.existence] + block.groups
    for row in 0..<block.rowCount where random.chance(10) {
      for group in groups where random.chance(50) {
        let over: [StreamDot]? =
          random.chance(60)
          ? [StreamDot(replica: replica(), number: UInt64(random.below(9) + 1))] : nil
        let origin =
          over == nil || random.chance(30)
          ? Origin(
            dot: Dot(stream: stream(530_103), replica: anyReplica(&random), number: 5),
            timestamp: HybridTimestamp(milliseconds: 99, counter: 1), author: "origin") : nil
        block.notes.append(RegisterNote(row: row, group: group, over: over, origin: origin))
      }
    }
  }

  static func body(_ header: ChangeSetHeader, _ random: inout SeededGenerator) -> ChangeSetBody {
    var body = ChangeSetBody()
    for table in UInt32(1_000)..<1_000 + UInt32(random.below(4)) {
      let rows = random.pick([1, 1, 2, 5, 20, 60])
      let kind = random.pick(Array(OperationKind.allCases))
      body.blocks.append(
        block(table: table, kind: kind, rows: rows, replica: header.replica, random: &random))
    }
    if random.chance(40) { body.controls = controls(&random) }
    return body
  }

  static func controls(_ random: inout SeededGenerator) -> [ControlOperation] {
    let dot = StreamDot(replica: anyReplica(&random), number: 3)
    let all: [ControlOperation] = [
      .refuse(dot, .scopeNotWritable, detail: "t1000"), .suspect(dot), .fence(dot.replica),
      .retire(dot.replica, last: 9), .fork(dot, hash(&random), hash(&random)),
      .stable(vector(&random)), .unknown(code: 99, bytes: random.bytes(5)),
    ]
    return all.filter { _ in random.chance(50) }
  }

  static func changeSet(_ random: inout SeededGenerator) -> ChangeSet {
    let header = header(&random)
    return ChangeSet(header: header, body: body(header, &random))
  }

  static func changes(_ random: inout SeededGenerator) -> ChangesMessage {
    let changeSets = (0..<random.below(4)).map { _ in
      let sample = changeSet(&random)
      return EncodedChangeSet(header: sample.header, body: sample.body)
    }
    var heads: [SignedHead] = []
    if let last = changeSets.last, random.chance(70) {
      heads.append(
        SignedHead(dot: last.dot, hash: hash(&random), signature: random.bytes(64)))
    }
    if random.chance(20) {
      let dot = Dot(stream: stream(), replica: replica(), number: 77)
      heads.append(SignedHead(dot: dot, hash: hash(&random), signature: random.bytes(64)))
    }
    return ChangesMessage(changeSets: changeSets, heads: heads)
  }

  static func hello(_ random: inout SeededGenerator, streams: Int = 3) -> Hello {
    Hello(
      protocolVersions: 1...2, replica: replica(), schemaVersion: 4,
      wallMilliseconds: 1_730_000_000_000, quarantineCount: 0, challenge: random.bytes(16),
      streams: (0..<streams).map {
        StreamSummary(
          stream: stream(530_100 + UInt32($0)), headsHash: random.next(), digest: random.bytes(16))
      },
      signature: random.bytes(64))
  }

  static func message(_ kind: MessageKind, _ random: inout SeededGenerator) -> Message {
    switch kind {
    case .hello: .hello(hello(&random))
    case .knowledge:
      .knowledge(
        StreamKnowledge(
          stream: stream(), known: vector(&random),
          receiverHead: random.chance(50) ? hash(&random) : nil))
    case .changes: .changes(changes(&random))
    case .part:
      .part(
        PartMessage(
          dot: Dot(stream: stream(), replica: replica(), number: 5), contentHash: hash(&random),
          index: 1, count: 3, bytes: random.bytes(random.below(300))))
    case .acknowledgement:
      acknowledgement(&random)
    case .error:
      .error(
        ErrorMessage(
          code: random.pick(Array(ProtocolErrorCode.allCases)), subject: text(&random),
          retryAfterMilliseconds: random.next() >> 20))
    case .done: .done
    case .bundleManifest:
      .bundleManifest(manifest(frameCount: UInt32(random.below(9)), &random))
    case .bundleSeal:
      .bundleSeal(BundleSeal(contentHash: hash(&random), signature: random.bytes(64)))
    }
  }

  /// Often with equal vectors, which are said once.
  private static func acknowledgement(_ random: inout SeededGenerator) -> Message {
    let held = vector(&random)
    let needs = random.chance(50) ? held : vector(&random)
    let top = random.chance(50) ? needs : vector(&random)
    return .acknowledgement(
      Acknowledgement(stream: stream(), held: held, needs: needs, top: top))
  }

  static func manifest(frameCount: UInt32, _ random: inout SeededGenerator) -> BundleManifest {
    BundleManifest(
      from: replica(), to: random.chance(50) ? nil : NodeCode(division: 530_100, terminal: 2),
      createdMilliseconds: 1_730_000_000_001, isAcknowledgement: random.chance(20),
      ranges: [
        BundleRange(stream: stream(530_000), after: VersionVector(), upTo: vector(&random)),
        BundleRange(stream: stream(), after: vector(&random), upTo: vector(&random)),
      ], frameCount: frameCount)
  }
}
