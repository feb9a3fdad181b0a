package import Changes
internal import Inspection

/// A table of the casework: the declaration that the engine replicates and the fields that people see.
package struct CaseTable: Hashable, Sendable {
  package let declaration: TableDeclaration
  /// The Chinese name.
  package let title: String
  /// Ascending by id.
  package let fields: [RosterField]

  /// Every table has the scope column `division`; `key` are the further key columns.
  init(
    _ number: UInt32, _ name: String, _ title: String, key: [KeyColumn],
    writers: Writers = .scopeAndAbove, existence: ExistencePolicy = .standard,
    _ fields: [RosterField]
  ) {
    declaration = TableDeclaration(
      id: TableID(number), name: name, writers: writers, existence: existence,
      scopeColumn: RosterSchema.scopeColumn, key: key, columns: fields.map(\.declaration),
      groups: RosterField.groups(of: fields))
    (self.title, self.fields) = (title, fields)
  }

  package var id: TableID { declaration.id }

  /// The column of a name; traps for a name that the table does not have, which is the programmer's.
  package func column(_ name: String) -> ColumnID {
    guard let field = fields.first(where: { $0.name == name }) else {
      preconditionFailure("\(declaration.name) has no column \(name)")
    }
    return field.id
  }
}

extension KeyColumn {
  static func text(_ name: String) -> KeyColumn { KeyColumn(name: name, kind: .text) }
  static func integer(_ name: String) -> KeyColumn { KeyColumn(name: name, kind: .integer) }
}

extension StateMachine {
  /// The machine as the engine merges it: by reachability, else for review (engine.md §4 `rank`).
  var policy: Policy {
    .rank(
      states.map { state in
        RankState(.text(state.code), next: state.next.map { Value.text($0) })
      })
  }

  /// The states as a code list.
  var codes: [Code] { states.map { Code($0.code, $0.title) } }
}

/// Short forms for the fields of tables: number, name, Chinese title, register, policy.
extension RosterField {
  static func text(
    _ number: UInt32, _ name: String, _ title: String, group: UInt32? = nil,
    _ policy: Policy, bytes: Int = 600, since: UInt32 = 1
  ) -> RosterField {
    RosterField(
      number, name, title, .text(maximumBytes: bytes), group: group, policy, since: since)
  }

  static func date(
    _ number: UInt32, _ name: String, _ title: String, group: UInt32? = nil, _ policy: Policy
  ) -> RosterField {
    RosterField(number, name, title, .date, group: group, policy)
  }

  /// A whole number from 0; moments are milliseconds since 1970.
  static func number(
    _ number: UInt32, _ name: String, _ title: String, group: UInt32? = nil, _ policy: Policy
  ) -> RosterField {
    RosterField(number, name, title, .integer(0...Int64.max), group: group, policy)
  }

  static func state(_ number: UInt32, _ machine: StateMachine) -> RosterField {
    RosterField(number, "state", "状态", .code(machine.codes), machine.policy)
  }

  static func code<List: ListedCode>(
    _ number: UInt32, _ name: String, _ title: String, _ list: List.Type,
    group: UInt32? = nil, _ policy: Policy
  ) -> RosterField {
    let codes = List.allCases.map { Code($0.rawValue, $0.title) }
    return RosterField(number, name, title, .code(codes), group: group, policy)
  }
}
