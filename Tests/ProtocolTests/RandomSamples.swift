import Causality
import Changes
import TestSupport

/// Valid codes of GB 32100-2015.
enum SampleCode {
  private static let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY")
  private static let base36 = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")

  private static func value(_ set: [Character], _ character: Character) -> Int {
    set.firstIndex(of: character) ?? 0
  }

  static func creditCode(_ serial: Int) -> String {
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
}

extension ChangeSetSamples {
  /// A change set that the seed makes: columns of every look, dots, notes.
  static func random(
    seed: UInt64
  ) throws -> (name: String, header: ChangeSetHeader, body: ChangeSetBody) {
    var random = SeededGenerator(seed: seed)
    let header = try header(
      number: UInt64(random.below(9_000) + 900), context: random.chance(50) ? [] : ["530000-1:9"],
      timestamp: "\(1_730_000_000_000 + random.below(1_000_000))+\(random.below(3))")
    var body = ChangeSetBody()
    for table in 1_000..<UInt32(1_001 + random.below(2)) {
      body.blocks.append(try block(table, &random))
    }
    return ("generated from seed \(seed)", header, body)
  }

  private static func block(_ table: UInt32, _ random: inout SeededGenerator) throws -> RowBlock {
    let kind = random.pick(OperationKind.allCases)
    var last: UInt32 = 0
    let columns = (0..<(kind == .delete ? 0 : random.below(4) + 1)).map { _ in
      last += UInt32(random.below(3) + 1)
      return (last, random.chance(80) ? last : 1)
    }
    let styles = columns.map { _ in random.below(9) }
    let keyStyle = random.below(4)
    let replicas = ["530000-1", "530100-2", "530102-1", "530102.3-2"]
    var registers: Set<UInt32> = [0]
    for column in columns { registers.insert(column.1) }
    var rows: [Row] = []
    for index in 0..<random.pick([1, 2, 9, 17, 24]) {
      let key: Value =
        switch keyStyle {
        case 0: .integer(Int64(index) * 7 - 50)
        case 1: .text(SampleCode.creditCode(index * 3))
        case 2: .text("row \(100 + index)")
        default: .blob([UInt8(index), 0])
        }
      var row = Row(key: [key], new: styles.map { value($0, &random) })
      if kind != .insert {
        row.before = styles.map { value($0, &random) }
        row.dots = registers.map { _ in
          replicas.filter { _ in random.chance(35) }.map { "\($0):\(random.below(4) + 1)" }
        }
      }
      rows.append(row)
    }
    rows.sort { left, right in
      guard let left = RowKey(left.key), let right = RowKey(right.key) else { return false }
      return left < right
    }
    var notes: [RegisterNote] = []
    if random.chance(30) { notes.append(try note(0, 0, over: ["530102-1:\(random.below(9) + 1)"])) }
    return try self.block(table, kind, columns, rows, notes: notes)
  }

  private static func value(_ style: Int, _ random: inout SeededGenerator) -> Value {
    switch style {
    case 0: .integer(Int64(bitPattern: random.next() >> UInt64(random.below(64))))
    case 1: .integer(1_730_000_000_000 + Int64(random.below(1_000)) * 500)
    case 2:
      .text((0..<random.below(30)).map { _ in random.pick(["云", "南", "é", "𝄞", "a"]) }.joined())
    case 3: .text(random.pick(["A", "B"]))
    case 4: .text("1380\(random.below(10_000_000))")
    case 5: random.chance(50) ? .null : .real(bits: random.next())
    case 6: .text(SampleCode.creditCode(random.below(2_000)))
    case 7: .blob(random.bytes(random.below(9)))
    default: value(random.below(8), &random)
    }
  }
}
