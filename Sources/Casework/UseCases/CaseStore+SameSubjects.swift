package import Causality
internal import Changes
package import Inspection
internal import Store

/// One subject under two keys of a roster (C-24): found here, decided by a person.
extension CaseStore {
  /// The pairs of a unit's roster that seem to be one subject and are not decided on. Cost: linear in the
  /// roster.
  package func sameSubjects(of unit: Scope) throws(CaseworkError) -> [SameSubject] {
    let fields = CompanyFields.all
    func place(_ field: RosterField) -> Int { fields.firstIndex { $0.id == field.id } ?? 0 }
    let (name, number, person) = (
      place(CompanyFields.name), place(CompanyFields.registrationNumber),
      place(CompanyFields.legalRepresentative)
    )
    let (registered, actual) = (
      place(CompanyFields.registeredAddress), place(CompanyFields.actualAddress)
    )
    var rows: [SameSubject.Row] = []
    do throws(StoreError) {
      try replica.forEachRow(of: RosterSchema.companies.id, in: unit) { row in
        func text(_ place: Int) -> String { row.values[place].string ?? "" }
        rows.append(
          SameSubject.Row(
            code: row.key.first?.string ?? "", name: text(name), registrationNumber: text(number),
            legalRepresentative: text(person),
            address: text(registered).isEmpty ? text(actual) : text(registered)))
        return true
      }
    } catch {
      throw .store(error)
    }
    return SameSubject.suspected(rows, known: Set(try aliases(of: unit).keys))
  }

  /// Which codes of a unit's roster stand for another subject, by alias.
  package func aliases(of unit: Scope) throws(CaseworkError) -> [String: String] {
    try rows(of: FollowUpTables.aliases, in: unit).reduce(into: [:]) {
      $0[$1.keyText] = $1.text("survivor_code")
    }
  }

  /// Decides that one code of the own roster stands for another: the row with the credit code survives, the
  /// other is drawn no more, and what refers to it stays as it is. Throws `missing` for a row that is not
  /// there, `refused` when the survivor has no credit code or is an alias itself.
  package func unite(alias: String, into survivor: String, reason: String) throws(CaseworkError) {
    let (scope, today) = (ownScope, today)
    for code in [alias, survivor] {
      guard try holds(RosterSchema.companies, code, in: scope) else {
        throw .missing(table: "companies", key: code)
      }
    }
    let isCode = (try? CreditCode(Array(survivor.utf8))) != nil  // Why not is of no interest here.
    guard isCode, alias != survivor, try aliases(of: scope)[survivor] == nil else {
      throw .refused([
        RuleBreach(.objectRoster, row: alias, .malformed(field: "统一社会信用代码", value: survivor))
      ])
    }
    guard !reason.isEmpty else {
      throw .refused([RuleBreach(.objectRoster, row: alias, .missing(field: "理由"))])
    }
    try perform("same subject") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(alias)]
      func fill(_ values: inout CaseValues) {
        values.set("survivor_code", survivor)
        values.set("reason", reason)
        values.set("decided_by", author)
        values.set("decided_on", today)
      }
      if try transaction.row(of: FollowUpTables.aliases, in: scope, key: key) == nil {
        try transaction.insert(FollowUpTables.aliases, in: scope, key: key, fill)
      } else {
        try transaction.update(FollowUpTables.aliases, in: scope, key: key, fill)
      }
      return .success(())
    }
  }
}
