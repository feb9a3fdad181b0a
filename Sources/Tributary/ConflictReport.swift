import Casework
import Causality
import Changes
import Merge
import Store
import Terminal

/// An open conflict as `conflicts` tells it.
struct ConflictReport: Encodable {
  struct Writer: Encodable {
    let replica: String
    let division: String
    let writtenAt: String
    let author: String?
    let reason: String?
    let changeSet: String
    let hasSuspectClock: Bool
  }

  struct Side: Encodable {
    /// What `resolve --choose` takes, from 1.
    let number: Int
    let isShown: Bool
    let isProposal: Bool
    /// Whether the conflict is about the row itself and this side has it deleted.
    let isDeletion: Bool
    let values: [String: JSONValue]
    let writers: [Writer]
  }

  let id: String
  let kind: String
  let table: String
  let scope: String
  let division: String
  let key: [String: JSONValue]
  /// Empty when the conflict is about the row itself.
  let columns: [String]
  let before: [String: JSONValue]?
  let sides: [Side]
}

extension ConflictReport {
  init(_ conflict: OpenConflict, _ schema: Schema, _ divisions: DivisionTree) {
    let record = conflict.record
    let table = schema.table(record.table)
    let columns = Self.columns(of: record, schema).map(\.name)
    func values(_ value: RegisterValue?) -> [String: JSONValue] {
      guard let values = value?.columns else { return [:] }
      return Dictionary(
        zip(columns, values.map(JSONValue.init)), uniquingKeysWith: { first, _ in first })
    }
    id = conflict.id
    kind = Self.name(of: record.kind)
    self.table = table?.name ?? "\(record.table.number)"
    scope = "\(record.scope)"
    division = divisions.fullName(record.scope)
    key = Dictionary(
      zip(table?.key.map(\.name) ?? [], (record.key.values ?? []).map(JSONValue.init)),
      uniquingKeysWith: { first, _ in first })
    self.columns = columns
    before = record.base.map { values($0) }
    sides = record.siblings.enumerated().map { index, sibling in
      Side(
        number: index + 1, isShown: index == record.shownIndex, isProposal: sibling.isProposal,
        isDeletion: sibling.value == .dead, values: values(sibling.value),
        writers: sibling.writers.map { Writer($0, divisions) })
    }
  }

  /// The columns of the group in conflict, in order of id.
  static func columns(of record: ConflictRecord, _ schema: Schema) -> [ColumnDeclaration] {
    schema.table(record.table)?.columns.filter { $0.group == record.group } ?? []
  }

  private static func name(of kind: ConflictKind) -> String {
    switch kind {
    case .concurrentUpdate: "concurrent_update"
    case .duplicateCreate: "duplicate_create"
    case .deleteAgainstUpdate: "delete_against_update"
    case .proposalPending: "proposal_pending"
    case .review: "review"
    case .rankFork: "rank_fork"
    case .immutableFork: "immutable_fork"
    case .immutableViolation: "immutable_violation"
    }
  }
}

extension ConflictReport.Writer {
  fileprivate init(_ writer: ConflictWriter, _ divisions: DivisionTree) {
    let origin = writer.origin.dot.replica
    replica = "\(origin)"
    division = divisions.division(origin.node.scope)?.name ?? "\(origin.node.scope)"
    writtenAt = TimeText.rfc3339(milliseconds: writer.origin.timestamp.milliseconds)
    author = writer.attribution?.author
    reason = writer.attribution?.reason
    changeSet = "\(writer.dot)"
    hasSuspectClock = writer.isSuspect
  }
}

extension ConflictReport {
  /// `name 新名称`, `deleted`, `kept`.
  func summary(of side: Side) -> String {
    if side.isDeletion { return "deleted" }
    if columns.isEmpty { return "kept" }
    return columns.map { name in
      let value = side.values[name]?.value.description ?? "?"
      return columns.count == 1 ? value : "\(name) \(value)"
    }.joined(separator: ", ")
  }

  var keyText: String {
    key.sorted { $0.key < $1.key }.map(\.value.value.description).joined(separator: "/")
  }

  /// All of it, for people.
  var text: String {
    var lines = [
      "conflict  \(id)", "kind      \(kind)", "row       \(table) \(keyText)",
      "division  \(division) \(scope)",
      "columns   " + (columns.isEmpty ? "the row itself" : columns.joined(separator: ", ")),
    ]
    if let before {
      let values = columns.map { "\($0) \(before[$0]?.value.description ?? "?")" }
      lines.append("before    " + values.joined(separator: ", "))
    }
    for side in sides {
      let marks = (side.isShown ? ["shown"] : []) + (side.isProposal ? ["proposal"] : [])
      lines.append("")
      lines.append(
        "\(side.number)  \(summary(of: side))"
          + (marks.isEmpty ? "" : "  (\(marks.joined(separator: ", ")))"))
      for writer in side.writers {
        var line = "   by \(writer.author ?? "unknown") at \(writer.division) \(writer.replica), "
        line += writer.writtenAt
        if let reason = writer.reason, !reason.isEmpty { line += ": \(reason)" }
        if writer.hasSuspectClock { line += " (its clock was ahead)" }
        lines.append(line)
      }
    }
    return lines.map { $0.visible + "\n" }.joined()
  }
}
