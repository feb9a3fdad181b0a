internal import Causality
internal import Changes

/// One registered table with its SQL texts and the numbering of its registers.
///
/// SQL is built here only, from declared names that match `[a-z][a-z0-9_]{0,62}` (threats.md T9).
final class TableLayout {
  let table: TableDeclaration
  /// The groups in order of (first schema version, id): register i + 1 of the row clock.
  let groups: [GroupDeclaration]
  /// Per register (existence first): the indexes of its columns in `table.columns`.
  let columnsOfRegister: [[Int]]
  /// Per register: the schema version that introduced it.
  let sinceOfRegister: [UInt32]
  /// The register of each column of `table.columns`.
  let registerOfColumn: [Int]
  /// The registers in order of group id, existence first: the order of hashing.
  let hashOrder: [Int]
  /// Registers whose policy replaces a covered single value without further thought.
  let plainRegisters: UInt64
  /// Registers beyond existence.
  let allRegisters: UInt64
  let clockName: String
  /// The schema version of this program.
  private let schemaVersion: UInt32
  private let oldestSince: UInt32
  // Texts of hot statements, made when they are first asked for.
  /// Parameters: scope, key columns. Columns: local id, base, entries, hash, all value columns.
  private(set) lazy var selectByKey = select + " WHERE " + qualifiedKeyMatch
  /// Parameters: local id, base, entries, hash.
  private(set) lazy var insertClock = "INSERT INTO \(clockName) VALUES (?1, ?2, ?3, ?4)"
  /// Parameters: local id, base, entries, hash.
  private(set) lazy var updateClock =
    "UPDATE \(clockName) SET base = ?2, entries = ?3, hash = ?4 WHERE local_id = ?1"
  private(set) lazy var deleteClock = "DELETE FROM \(clockName) WHERE local_id = ?1"
  private(set) lazy var deleteRow =
    "DELETE FROM \(table.name) WHERE \(Schema.localIDColumn) = ?1"
  private var insertTexts: [[Int]: String] = [:]
  private var updateTexts: [[Int]: String] = [:]

  init(_ table: TableDeclaration, at schemaVersion: UInt32) {
    self.table = table
    self.schemaVersion = schemaVersion
    func since(_ group: GroupDeclaration) -> UInt32 {
      table.columns.first { $0.group == group.id }?.since ?? 1
    }
    groups = table.groups.sorted { (since($0), $0.id) < (since($1), $1.id) }
    let groups = self.groups
    columnsOfRegister =
      [[]]
      + groups.map { group in
        table.columns.indices.filter { table.columns[$0].group == group.id }
      }
    sinceOfRegister = [1] + groups.map(since)
    registerOfColumn = table.columns.map { column in
      (groups.firstIndex { $0.id == column.group } ?? 0) + 1
    }
    hashOrder = [0] + groups.indices.sorted { groups[$0].id < groups[$1].id }.map { $0 + 1 }
    var (plain, all) = (UInt64(table.existence == .standard ? 1 : 0), UInt64(0))
    for (index, group) in groups.enumerated() {
      all |= 2 << UInt64(index)
      switch group.policy {
      case .latest, .review, .max, .min, .rank: plain |= 2 << UInt64(index)
      case .owner, .counter, .immutable: break
      }
    }
    plainRegisters = plain
    allRegisters = all
    clockName = "tributary_clock_\(table.id.number)"
    oldestSince = sinceOfRegister.max() ?? 1
  }

  /// The registers (existence among them) that existed at a schema version.
  func registers(at schemaVersion: UInt32) -> UInt64 {
    if schemaVersion >= oldestSince { return allRegisters | 1 }
    var registers: UInt64 = 0
    for (index, since) in sinceOfRegister.enumerated() where since <= schemaVersion {
      registers |= 1 << UInt64(index)
    }
    return registers
  }

  /// The registers that a write of a schema version may have and that are unknown here: they stand beyond the known
  /// ones. A clock names them as not written, or its base would be taken for theirs after an upgrade.
  func laterRegisters(of version: UInt32) -> UInt64 {
    let count = columnsOfRegister.count
    return version > schemaVersion && count < 64 ? ~0 << UInt64(count) : 0
  }

  /// The register of a group; nil when the group is unknown at this schema version.
  func register(of group: GroupID) -> Int? {
    if group == .existence { return 0 }
    return groups.firstIndex { $0.id == group }.map { $0 + 1 }
  }

  /// The policy of a register beyond existence.
  func policy(_ register: Int) -> Policy { groups[register - 1].policy }

  /// Whether a column holds running totals, and shows their sum.
  func isCounter(_ column: Int) -> Bool { policy(registerOfColumn[column]) == .counter }

  func group(_ register: Int) -> GroupID {
    register == 0 ? .existence : groups[register - 1].id
  }

  func columnIndex(_ id: ColumnID) -> Int? {
    table.columns.firstIndex { $0.id == id }
  }

  func columnIndex(named name: String) -> Int? {
    table.columns.firstIndex { $0.name == name }
  }

  /// The values of a row of which nothing is given: NULL, counters 0.
  var emptyRow: [Value] {
    registerOfColumn.map { policy($0) == .counter ? .integer(0) : .null }
  }

  // MARK: SQL

  private var keyNames: [String] { [table.scopeColumn] + table.key.map(\.name) }

  /// The base table, as the engine creates it when it is not there.
  var createTable: String {
    let names: [(String, ValueKind, Bool)] =
      [(table.scopeColumn, .text, true)] + table.key.map { ($0.name, $0.kind, true) }
    let lines =
      names.map { "\($0.0) \(Self.typeName($0.1))\($0.2 ? " NOT NULL" : "")" }
      + table.columns.indices.map(definition(ofColumn:))
    return "CREATE TABLE IF NOT EXISTS \(table.name) ("
      + (["\(Schema.localIDColumn) INTEGER PRIMARY KEY"] + lines
      + ["UNIQUE (\(keyNames.joined(separator: ", ")))"]).joined(separator: ", ") + ") STRICT"
  }

  /// A value column as it stands in the base table: what nobody counted is 0.
  func definition(ofColumn column: Int) -> String {
    let declaration = table.columns[column]
    return "\(declaration.name) \(Self.typeName(declaration.kind))"
      + (isCounter(column) ? " DEFAULT 0" : "")
  }

  /// The row clocks of the table.
  var createClock: String {
    "CREATE TABLE IF NOT EXISTS \(clockName) ("
      + "local_id INTEGER PRIMARY KEY, base INTEGER NOT NULL, entries BLOB, hash BLOB NOT NULL)"
  }

  static func typeName(_ kind: ValueKind) -> String {
    switch kind {
    case .integer: "INTEGER"
    case .real: "REAL"
    case .text: "TEXT"
    case .blob, .null: "BLOB"
    }
  }

  /// Parameters: scope, key columns, then the given columns. Does nothing when the row exists.
  func insertRow(columns: [Int]) -> String {
    if let text = insertTexts[columns] { return text }
    let text = insertText(columns)
    insertTexts[columns] = text
    return text
  }

  private func insertText(_ columns: [Int]) -> String {
    let names = keyNames + columns.map { table.columns[$0].name }
    let marks = names.indices.map { "?\($0 + 1)" }
    return "INSERT INTO \(table.name) (\(names.joined(separator: ", "))) "
      + "VALUES (\(marks.joined(separator: ", "))) ON CONFLICT DO NOTHING"
  }

  /// Parameters: local id, scope, key columns, all columns: puts a row back under its number.
  var restoreRow: String {
    let names = [Schema.localIDColumn] + keyNames + table.columns.map(\.name)
    let marks = names.indices.map { "?\($0 + 1)" }
    return "INSERT INTO \(table.name) (\(names.joined(separator: ", "))) "
      + "VALUES (\(marks.joined(separator: ", ")))"
  }

  /// Parameter: local id. Columns as `selectByKey`, then the scope, then the key columns.
  var selectByID: String { selectWithKey + " WHERE t.\(Schema.localIDColumn) = ?1" }

  /// All rows, in order of local id. Columns as `selectByID`.
  var selectAll: String { selectWithKey + " ORDER BY t.\(Schema.localIDColumn)" }

  private var selectWithKey: String {
    "SELECT t.\(Schema.localIDColumn), c.base, c.entries, c.hash"
      + table.columns.map { ", t.\($0.name)" }.joined()
      + keyNames.map { ", t.\($0)" }.joined()
      + " FROM \(table.name) t LEFT JOIN \(clockName) c"
      + " ON c.local_id = t.\(Schema.localIDColumn)"
  }

  private var select: String {
    "SELECT t.\(Schema.localIDColumn), c.base, c.entries, c.hash"
      + table.columns.map { ", t.\($0.name)" }.joined()
      + " FROM \(table.name) t JOIN \(clockName) c ON c.local_id = t.\(Schema.localIDColumn)"
  }

  private var qualifiedKeyMatch: String {
    keyNames.enumerated().map { "t.\($1) = ?\($0 + 1)" }.joined(separator: " AND ")
  }

  /// Parameters: the given columns, then the local id.
  func updateRow(columns: [Int]) -> String {
    if let text = updateTexts[columns] { return text }
    let text = updateText(columns)
    updateTexts[columns] = text
    return text
  }

  private func updateText(_ columns: [Int]) -> String {
    let sets = columns.enumerated().map { "\(table.columns[$1].name) = ?\($0 + 1)" }
    return "UPDATE \(table.name) SET \(sets.joined(separator: ", ")) "
      + "WHERE \(Schema.localIDColumn) = ?\(columns.count + 1)"
  }
}
