package import Changes
package import Inspection

/// The roster tables (两库): companies and inspectors, tags and exclusion marks of companies.
///
/// Every table has the scope column `division`, a code of `DivisionTree`. Keys are natural, so that the
/// same file imported at two terminals makes the same rows (C-25); they identify a row within one
/// division, the same key in two divisions is a violation for people. Ids 1,000…1,003 are used;
/// further roster tables follow from 1,004. Version 1 of the product's schema held these tables alone.
package enum RosterSchema {
  /// The column of the scope in every table.
  package static let scopeColumn = "division"

  /// 检查对象. Key: the unified social credit code (18 characters), or where an old individual
  /// business has none, its registration number (15 digits).
  package static let companies = TableDeclaration(
    id: TableID(1_000), name: "companies", scopeColumn: scopeColumn,
    key: [KeyColumn(name: "subject_code", kind: .text)],
    columns: CompanyFields.all.map(\.declaration),
    groups: RosterField.groups(of: CompanyFields.all),
    rules: [RowRule("subject_code_once", .unique(["subject_code"]))])

  /// 检查人员. Key: the number of the enforcement certificate, or the unit's own inspector code.
  package static let inspectors = TableDeclaration(
    id: TableID(1_001), name: "inspectors", scopeColumn: scopeColumn,
    key: [KeyColumn(name: "inspector_code", kind: .text)],
    columns: InspectorFields.all.map(\.declaration),
    groups: RosterField.groups(of: InspectorFields.all),
    rules: [RowRule("inspector_code_once", .unique(["inspector_code"]))])

  /// 对象标签: a set of (company, tag code); adding beats a concurrent removal (C-23). `tagged_by` is
  /// the person or unit that added it.
  package static let objectTags = TableDeclaration(
    id: TableID(1_002), name: "object_tags", existence: .addWins, scopeColumn: scopeColumn,
    key: [
      KeyColumn(name: "subject_code", kind: .text), KeyColumn(name: "tag", kind: .text),
    ],
    columns: ObjectTagFields.all.map(\.declaration),
    groups: RosterField.groups(of: ObjectTagFields.all),
    rules: [RowRule("tagged_company", .reference(["subject_code"], to: TableID(1_000)))])

  /// 不纳入抽取: a set of (company, reason, first day). The county adds; the province may void, and its
  /// void stands whatever the county writes.
  package static let exclusionMarks = TableDeclaration(
    id: TableID(1_003), name: "exclusion_marks", existence: .addWins, scopeColumn: scopeColumn,
    key: [
      KeyColumn(name: "subject_code", kind: .text), KeyColumn(name: "reason", kind: .text),
      KeyColumn(name: "excluded_from", kind: .text),
    ],
    columns: ExclusionMarkFields.all.map(\.declaration),
    groups: RosterField.groups(of: ExclusionMarkFields.all),
    rules: [RowRule("excluded_company", .reference(["subject_code"], to: TableID(1_000)))])

  /// Ascending by id.
  package static let tables = [companies, inspectors, objectTags, exclusionMarks]

  /// What a rule of these tables is there for; nil for rules of other tables.
  package static func requirement(of rule: String) -> Requirement? {
    switch rule {
    case "subject_code_once": .objectRoster
    case "inspector_code_once": .inspectorRoster
    case "tagged_company", "excluded_company": .rosterUpdates
    default: nil
    }
  }
}

/// The columns of `object_tags`.
package enum ObjectTagFields {
  /// 标注人: who added the tag. Latest.
  package static let taggedBy = RosterField(
    1, "tagged_by", "标注人", .text(maximumBytes: 256), .latest)

  /// Ascending by id.
  package static let all = [taggedBy]
}

/// The columns of `exclusion_marks`.
package enum ExclusionMarkFields {
  /// 截止日期: the last day of the exclusion; NULL while it is open. Latest.
  package static let excludedTo = RosterField(1, "excluded_to", "截止日期", .date, .latest)
  /// 标注人. Latest.
  package static let markedBy = RosterField(
    2, "marked_by", "标注人", .text(maximumBytes: 256), .latest)
  /// 批准人. Latest.
  package static let approver = RosterField(
    3, "approver", "批准人", .text(maximumBytes: 256), .latest)
  /// 否决理由: a text here voids the mark. Owned by the province.
  package static let voidReason = RosterField(
    4, "void_reason", "否决理由", .text(maximumBytes: 600),
    .owner(.tier(CompanyFields.feedTier)))
  /// 否决日期, one register with the reason.
  package static let voidedOn = RosterField(
    5, "voided_on", "否决日期", .date, group: 4, .owner(.tier(CompanyFields.feedTier)))

  /// Ascending by id.
  package static let all = [excludedTo, markedBy, approver, voidReason, voidedOn]
}
