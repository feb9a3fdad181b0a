package import Causality
internal import Changes
package import Inspection
internal import Store

/// What a tier above said of a result.
package struct SupervisionNote: Hashable, Sendable {
  package let result: ResultKey
  package let id: String
  package let content: String
  package let notedBy: String
  package let unit: String
  package let notedOn: CivilDate?
}

extension CaseStore {
  /// Says something of a result of a unit below; the result is the unit's, and stays as it is (C-18). `id`: minted
  /// by the caller. Throws `refused` for the own unit's and without words, `missing`, `exists`.
  package func note(
    _ content: String, on result: ResultKey, of unit: Scope, id: String
  ) throws(CaseworkError) {
    var breaches: [RuleBreach] = []
    if unit == ownScope || !replica.tree.isAtOrAbove(ownScope, unit) {
      breaches.append(
        RuleBreach(
          .evaluation, row: result.row, .notOwner(unit: "\(ownScope)", owner: "\(unit)")))
    }
    if content.isEmpty {
      breaches.append(RuleBreach(.evaluation, row: result.row, .missing(field: "意见")))
    }
    if let refusal = breaches.refusal { throw refusal }
    let (own, today) = ("\(ownScope)", today)
    let key = result.values + [.text(id)]
    try perform("supervision note") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let held = try transaction.row(of: VisitTables.results, in: unit, key: result.values)
      guard held != nil else { return .failure(.missing(table: "results", key: result.row)) }
      guard try transaction.row(of: VisitTables.supervisionNotes, in: unit, key: key) == nil else {
        return .failure(.exists(table: "supervision_notes", key: "\(result.row)/\(id)"))
      }
      try transaction.insert(VisitTables.supervisionNotes, in: unit, key: key) { values in
        values.set("content", content)
        values.set("noted_by", author)
        values.set("noted_unit", own)
        values.set("noted_on", today)
      }
      return .success(())
    }
  }

  /// What tiers above said of the results of a unit, by result.
  package func supervisionNotes(of unit: Scope) throws(CaseworkError) -> [SupervisionNote] {
    try rows(of: VisitTables.supervisionNotes, in: unit).compactMap { row in
      let texts = row.key.compactMap(\.string)
      guard texts.count == 4 else { return nil }
      return SupervisionNote(
        result: ResultKey(visit: texts[0], item: texts[1], department: texts[2]), id: texts[3],
        content: row.text("content"), notedBy: row.text("noted_by"),
        unit: row.text("noted_unit"), notedOn: row.date("noted_on"))
    }
  }
}
