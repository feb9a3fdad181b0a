package import Changes

/// One code of a code list: the code that is stored and the Chinese word that people write.
package struct Code: Hashable, Sendable {
  /// What is stored, ASCII.
  package let code: String
  /// What pages and files for people show; accepted on import as well.
  package let title: String
  /// Other words for it that files contain.
  package let aliases: [String]

  package init(_ code: String, _ title: String, aliases: [String] = []) {
    (self.code, self.title, self.aliases) = (code, title, aliases)
  }
}

/// What a field may hold. Empty is always allowed and stored as NULL.
package enum FieldForm: Hashable, Sendable {
  /// Text of at most that many bytes of UTF-8.
  case text(maximumBytes: Int)
  /// One of a list; import takes the code or the Chinese word and stores the code.
  case code([Code])
  /// A civil date of Asia/Shanghai, `YYYY-MM-DD`; import also takes `YYYY/M/D` and `YYYY年M月D日`.
  case date
  /// A month, `YYYY-MM`; import also takes `YYYYMM`, `YYYY/M` and `YYYY年M月`.
  case month
  /// A whole number in a range; import takes plain decimal digits.
  case integer(ClosedRange<Int64>)
  /// 32 bytes; in files 64 hexadecimal digits.
  case hash

  /// The type of the column that holds it.
  package var kind: ValueKind {
    switch self {
    case .text, .code, .date, .month: .text
    case .integer: .integer
    case .hash: .blob
    }
  }
}

/// A value column of a roster table: its stable id, its names, what it may hold and how it merges.
///
/// It is the one source of the SQL column, of the CSV header and of the import's checks.
package struct RosterField: Hashable, Sendable {
  package let id: ColumnID
  /// The SQL column and the English CSV header.
  package let name: String
  /// The Chinese CSV header.
  package let title: String
  /// Further headers that files of other systems use.
  package let aliases: [String]
  package let form: FieldForm
  /// The register that the column belongs to.
  package let group: GroupID
  /// The policy of the register; the columns of one group name the same one.
  package let policy: Policy
  /// The schema version that brought the column.
  package let since: UInt32

  /// A field without `group` is a register of its own; one that came later than its table is, too.
  package init(
    _ number: UInt32, _ name: String, _ title: String, aliases: [String] = [], _ form: FieldForm,
    group: UInt32? = nil, _ policy: Policy, since: UInt32 = 1
  ) {
    id = ColumnID(number)
    self.since = since
    (self.name, self.title, self.aliases) = (name, title, aliases)
    (self.form, self.policy) = (form, policy)
    self.group = GroupID(group ?? number)
  }

  /// The column as the engine knows it.
  package var declaration: ColumnDeclaration {
    ColumnDeclaration(id: id, name: name, kind: form.kind, group: group, since: since)
  }

  /// The registers of a table's fields, each once.
  package static func groups(of fields: [RosterField]) -> [GroupDeclaration] {
    fields.filter { $0.id.number == $0.group.number }.map {
      GroupDeclaration(id: $0.group, policy: $0.policy)
    }
  }
}
