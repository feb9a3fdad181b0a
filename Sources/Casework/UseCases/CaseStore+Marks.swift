package import Causality
internal import Changes
package import Inspection
internal import Store

/// Why an inspector does not visit an object (回避). Source: domain.md §2.3, §9.
package enum ConflictOfInterest: String, ListedCode {
  case kin = "KIN"
  case investment = "INVEST"
  case pastEmployment = "PAST_EMPLOY"
  case openCase = "CASE"
  case selfDeclared = "SELF_DECLARED"
  case objectRequest = "OBJECT_REQUEST"

  package var title: String {
    switch self {
    case .kin: "亲属关系"
    case .investment: "投资关系"
    case .pastEmployment: "曾任职"
    case .openCase: "案件关系"
    case .selfDeclared: "本人申报"
    case .objectRequest: "检查对象申请"
    }
  }
}

/// Marks on objects and inspectors: sets, in which what is put in beats what is taken out at the same time.
/// Source: domain.md §2.2, §2.3, R-2.4, R-2.6, R-3.3, C-14, C-23.
extension CaseStore {
  // MARK: objects

  /// Tags an object of the own roster. Throws `missing`.
  package func tag(object subject: String, _ tag: String) throws(CaseworkError) {
    try requireHeld(RosterSchema.companies, subject)
    try put(
      RosterSchema.objectTags, [.text(subject), .text(tag)],
      [Store.ColumnValue(ObjectTagFields.taggedBy.id, .text(author))])
  }

  /// Takes a tag from an object. Throws `missing`.
  package func untag(object subject: String, _ tag: String) throws(CaseworkError) {
    try take(RosterSchema.objectTags, [.text(subject), .text(tag)])
  }

  /// Keeps an object from being drawn, with a reason of the list and an approver: it stays in every frame and says
  /// why it is not drawn (T1). What is frozen already takes no notice (C-34). Throws `missing`, `refused`.
  package func exclude(
    _ subject: String, reason: String, from: CivilDate, to: CivilDate?, approver: String
  ) throws(CaseworkError) {
    var breaches: [RuleBreach] = []
    if !RosterCodes.exclusionReasons.contains(where: { $0.code == reason }) {
      breaches.append(
        RuleBreach(
          .objectRoster, row: subject,
          .notOneOf(
            field: "不纳入抽取理由", value: reason, codes: RosterCodes.exclusionReasons.map(\.code))))
    }
    if approver.isEmpty {
      breaches.append(RuleBreach(.objectRoster, row: subject, .missing(field: "批准人")))
    }
    if let to, to < from {
      breaches.append(
        RuleBreach(.objectRoster, row: subject, .windowReversed(from: from, to: to)))
    }
    if let refusal = breaches.refusal { throw refusal }
    try requireHeld(RosterSchema.companies, subject)
    try put(
      RosterSchema.exclusionMarks, [.text(subject), .text(reason), .text("\(from)")],
      [
        Store.ColumnValue(ExclusionMarkFields.excludedTo.id, to.map { .text("\($0)") } ?? .null),
        Store.ColumnValue(ExclusionMarkFields.markedBy.id, .text(author)),
        Store.ColumnValue(ExclusionMarkFields.approver.id, .text(approver)),
      ])
  }

  /// Voids an exclusion of a unit below, as the province: that stands whatever the unit writes. Throws `refused`,
  /// `missing`.
  package func voidExclusion(
    of subject: String, reason: String, from: CivilDate, in unit: Scope, because: String
  ) throws(CaseworkError) {
    try requireTop(.objectRoster, subject)
    guard !because.isEmpty else {
      throw .refused([RuleBreach(.objectRoster, row: subject, .missing(field: "否决理由"))])
    }
    let (key, today) = ([Value.text(subject), .text(reason), .text("\(from)")], today)
    try perform("exclusion voided") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.holds(RosterSchema.exclusionMarks, in: unit, key: key) else {
        return .failure(.missing(table: "exclusion_marks", key: "\(subject)/\(reason)/\(from)"))
      }
      try transaction.put(
        RosterSchema.exclusionMarks, in: unit, key: key,
        [
          Store.ColumnValue(ExclusionMarkFields.voidReason.id, .text(because)),
          Store.ColumnValue(ExclusionMarkFields.voidedOn.id, .text("\(today)")),
        ])
      return .success(())
    }
  }

  // MARK: inspectors

  /// Tags an inspector: what somebody may and can do. Throws `missing`.
  package func tag(inspector: String, _ tag: String) throws(CaseworkError) {
    try requireHeld(RosterSchema.inspectors, inspector)
    let table = FollowUpTables.inspectorTags
    try put(
      table.declaration, [.text(inspector), .text(tag)],
      [Store.ColumnValue(table.column("tagged_by"), .text(author))])
  }

  /// Takes a tag from an inspector. Throws `missing`.
  package func untag(inspector: String, _ tag: String) throws(CaseworkError) {
    try take(FollowUpTables.inspectorTags.declaration, [.text(inspector), .text(tag)])
  }

  /// Declares that an inspector does not visit an object; anyone may (回避).
  package func declareConflict(
    of inspector: String, with subject: String, _ kind: ConflictOfInterest
  ) throws(CaseworkError) {
    let (table, today) = (FollowUpTables.conflictsOfInterest, today)
    try put(
      table.declaration, [.text(inspector), .text(subject), .text(kind.rawValue)],
      [
        Store.ColumnValue(table.column("declared_by"), .text(author)),
        Store.ColumnValue(table.column("declared_on"), .text("\(today)")),
      ])
  }

  /// Lifts a conflict of interest, as the head of the unit; who declares it at the same time has the last word
  /// (C-14). Throws `refused` without the head's name, `missing`.
  package func liftConflict(
    of inspector: String, with subject: String, _ kind: ConflictOfInterest, approver: String
  ) throws(CaseworkError) {
    guard !approver.isEmpty else {
      throw .refused([
        RuleBreach(.inspectorRoster, row: "\(inspector)/\(subject)", .missing(field: "批准人"))
      ])
    }
    try take(
      FollowUpTables.conflictsOfInterest.declaration,
      [.text(inspector), .text(subject), .text(kind.rawValue)])
  }

  /// Notes a training (培训记录). Throws `missing` for somebody who is not in the roster, `refused` for a day that
  /// is not over.
  package func recordTraining(
    of inspector: String, on day: CivilDate, topic: String, hours: Int64, issuer: String
  ) throws(CaseworkError) {
    guard day <= today else {
      throw .refused([
        RuleBreach(.training, row: inspector, .malformed(field: "培训日期", value: "\(day)"))
      ])
    }
    try requireHeld(RosterSchema.inspectors, inspector)
    let table = FollowUpTables.trainings
    try put(
      table.declaration, [.text(inspector), .text("\(day)"), .text(topic)],
      [
        Store.ColumnValue(table.column("hours"), .integer(hours)),
        Store.ColumnValue(table.column("issuer"), issuer.isEmpty ? .null : .text(issuer)),
      ])
  }

  // MARK: sets

  private func requireHeld(_ table: TableDeclaration, _ code: String) throws(CaseworkError) {
    guard try holds(table, code, in: ownScope) else {
      throw .missing(table: table.name, key: code)
    }
  }

  private func put(
    _ table: TableDeclaration, _ key: [Value], _ values: [Store.ColumnValue]
  ) throws(CaseworkError) {
    let scope = ownScope
    try perform(table.name) { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      try transaction.put(table, in: scope, key: key, values)
      return .success(())
    }
  }

  private func take(_ table: TableDeclaration, _ key: [Value]) throws(CaseworkError) {
    let scope = ownScope
    try perform(table.name) { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.holds(table, in: scope, key: key) else {
        let name = key.map(\.description).joined(separator: "/")
        return .failure(.missing(table: table.name, key: name))
      }
      try transaction.delete(table, in: scope, key: key)
      return .success(())
    }
  }
}
