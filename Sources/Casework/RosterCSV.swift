package import Causality
package import Changes

/// A roster that is kept in files: which table it is, its columns and what the key is called.
package enum RosterTable: String, Hashable, Sendable, CaseIterable {
  case companies
  case inspectors
  case experts

  package var declaration: TableDeclaration {
    switch self {
    case .companies: RosterSchema.companies
    case .inspectors: RosterSchema.inspectors
    case .experts: ExpertTables.experts.declaration
    }
  }

  /// The value columns, in the order of files and of the schema.
  package var fields: [RosterField] {
    switch self {
    case .companies: CompanyFields.all
    case .inspectors: InspectorFields.all
    case .experts: ExpertTables.experts.fields
    }
  }

  /// The column that is the key where the key is empty or not in the file: the registration number of
  /// a company, the certificate number of an inspector, that of an expert's appointment.
  package var keySubstitute: RosterField {
    switch self {
    case .companies: CompanyFields.registrationNumber
    case .inspectors: InspectorFields.certificateNumber
    case .experts: ExpertTables.appointmentNumber
    }
  }

  /// Headers of the key: English, Chinese, others.
  package var keyHeaders: [String] {
    switch self {
    case .companies:
      [
        "subject_code", "统一社会信用代码", "统一社会信用代码/注册号", "统一社会信用代码（注册号）", "社会信用代码",
        "信用代码", "uscc",
      ]
    case .inspectors: ["inspector_code", "人员编号", "检查人员编号"]
    case .experts: ["expert_code", "专家编号"]
    }
  }
}

/// Roster files: CSV (RFC 4180) that spreadsheets of market supervision bureaus read and write.
///
/// **Encoding.** Read: UTF-8 with or without byte order mark, or GB18030 (GBK and GB2312 are parts of
/// it), detected by `FileEncoding.detected` or told. Written: UTF-8 with byte order mark, or GB18030.
///
/// **Records.** Separated by LF, CRLF or CR; fields by commas; quotes double, a quoted field may hold
/// commas, quotes (doubled) and line ends. Blank lines, and lines of empty fields only, are passed over.
/// The first line that is not blank is the header.
///
/// **Columns.** In any order, by English name, Chinese name or an alias, see `CompanyFields` and
/// `InspectorFields`. Needed is the key (`subject_code`/`统一社会信用代码`, or `registration_number`/`注册号` in
/// its place; `inspector_code`/`人员编号`, or `certificate_number`/`执法证号`). `division`/`区划代码` is a code or
/// a full name; without it the division given for the file holds. Unknown columns are listed and
/// ignored.
///
/// **Fields.** Spaces around a text do not count. An empty field says nothing: an existing value stays.
/// Codes are taken as code or Chinese word. Dates: `2026-01-31`, `2026/1/31`, `20260131`, `2026年1月31日`.
///
/// **Formulas.** A spreadsheet runs a text that begins with `=`, `+`, `-`, `@`, tab or return. Written
/// files put an apostrophe before it, read files lose that one again, so that the way out and back
/// changes nothing.
///
/// **Errors.** A bad line is reported with line number, column and reason (`LineProblem`); the rest goes
/// in. Only a file without a usable header, above `RosterLimits.fileBytes`, or whose encoding the
/// platform cannot convert is refused as a whole (`CaseworkError`).
package enum RosterCSV {
  /// Headers of the division column.
  package static let divisionHeaders = [
    "division", "区划代码", "行政区划代码", "行政区划", "所属区县", "county",
  ]

  /// How a file is read.
  package struct Options: Sendable {
    /// nil detects it.
    package var encoding: FileEncoding?
    /// The division of rows that name none.
    package var division: Scope?
    /// The division of the node that imports; rows that it may not write are reported. nil takes all.
    package var writer: Scope?
    /// Codes that the province issued beside the program's, with their words, by column.
    package var codes: [String: [String: String]]

    package init(
      encoding: FileEncoding? = nil, division: Scope? = nil, writer: Scope? = nil,
      codes: [String: [String: String]] = [:]
    ) {
      (self.encoding, self.division, self.writer) = (encoding, division, writer)
      self.codes = codes
    }
  }

  /// Whether a spreadsheet would take the text for a formula, apostrophes in front aside.
  static func isFormula(_ text: some StringProtocol) -> Bool {
    guard let first = text.utf8.first(where: { $0 != 0x27 }) else { return false }
    return [0x3D, 0x2B, 0x2D, 0x40, 0x09, 0x0D].contains(first)
  }
}

/// One value of one column.
package struct ColumnValue: Hashable, Sendable {
  package let column: ColumnID
  package let value: Value

  package init(_ column: ColumnID, _ value: Value) { (self.column, self.value) = (column, value) }
}

/// One good line of a roster file.
package struct RosterRecord: Hashable, Sendable {
  /// The physical line on which it starts.
  package let line: Int
  package let scope: Scope
  /// The key columns without the scope.
  package let key: [Value]
  /// What the line says, ascending by column; empty fields are not here.
  package let values: [ColumnValue]

  package init(line: Int, scope: Scope, key: [Value], values: [ColumnValue]) {
    (self.line, self.scope, self.key, self.values) = (line, scope, key, values)
  }
}
