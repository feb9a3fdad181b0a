internal import Causality
internal import Changes
internal import Inspection
internal import Store

extension CaseStore {
  /// Carries hand-overs between units below this one, which hold nothing of each other: offers to the unit that
  /// answers, answers and ends back, follow-ups to their new owner. Doing it again does nothing new. Returns the
  /// rows written. Source: domain.md §2.7.
  package func carryHandOvers() throws(CaseworkError) -> Int {
    let units = replica.tree.entries.map(\.scope).filter {
      $0 != ownScope && replica.tree.isAtOrAbove(ownScope, $0)
    }
    var count = 0
    for unit in units {
      for row in try rows(of: FollowUpTables.handOvers, in: unit)
      where row.text("from_unit") == "\(unit)" {
        guard let other = units.first(where: { "\($0)" == row.text("to_unit") }) else { continue }
        count += try copy(row, to: other)
        let key: [Value] = [row.key[0], row.key[2]]
        if let answer = try self.row(of: FollowUpTables.handOverAnswers, in: other, key: key) {
          count += try copy(answer, to: unit)
        }
        if let decision = try self.row(of: FollowUpTables.handOverDecisions, in: unit, key: key) {
          count += try copy(decision, to: other)
        }
      }
      count += try moveFollowUps(of: unit, among: units)
    }
    return count
  }

  /// Writes a row once more in another scope, if it is not there.
  private func copy(_ row: CaseRow, to scope: Scope) throws(CaseworkError) -> Int {
    try perform("hand-over carried") {
      transaction throws(StoreError) -> Result<Int, CaseworkError> in
      guard try transaction.row(of: row.table, in: scope, key: row.key) == nil else {
        return .success(0)
      }
      try transaction.insert(row.table, in: scope, key: row.key) { values in
        values.copy(row)
      }
      return .success(1)
    }
  }

  /// Gives the follow-ups that a unit handed over to their owners, and takes back how they ended.
  private func moveFollowUps(of unit: Scope, among units: [Scope]) throws(CaseworkError) -> Int {
    guard let initial = UnitCode("\(unit)") else { return 0 }
    var count = 0
    let subjects = Set(
      try handOvers(in: unit).filter { $0.handOver.from == initial }.map(\.subject)
    ).sorted().compactMap(HandOverSubject.init)
    for subject in subjects {
      guard let key = subject.followUpKey else { continue }
      let ownership = try ownership(of: subject, initial: initial, in: unit)
      guard ownership.owner != initial,
        let owner = units.first(where: { "\($0)" == ownership.owner.text }),
        let row = try row(of: FollowUpTables.followUps, in: unit, key: key)
      else { continue }
      let offers = try handOvers(in: unit).filter { $0.subject == subject.text }
      let isDecided = offers.contains { $0.handOver.decision != nil }
      let hash = try contentHash(of: subject, in: unit)
      let isAsOffered = offers.contains {
        DrawHash($0.handOver.contentHash)?.description == hash
      }
      let isNew = row.text("owner_unit") != "\(owner)"
      // What the unit wrote after its offer undoes the offer.
      guard !isNew || isDecided || isAsOffered else { continue }
      count += try move(row, from: unit, to: owner, isNew: isNew)
    }
    return count
  }

  private func move(
    _ row: CaseRow, from unit: Scope, to owner: Scope, isNew: Bool
  ) throws(CaseworkError) -> Int {
    try perform("follow-up handed over") {
      transaction throws(StoreError) -> Result<Int, CaseworkError> in
      let table = FollowUpTables.followUps
      var count = 0
      if isNew {
        try transaction.update(table, in: unit, key: row.key) { values in
          values.set("owner_unit", "\(owner)")
        }
        count += 1
      }
      guard let held = try transaction.row(of: table, in: owner, key: row.key) else {
        try transaction.insert(table, in: owner, key: row.key) { values in
          values.set("is_mandatory", row.integer("is_mandatory") ?? 0)
          values.set("due_on", row.date("due_on"))
          values.set("owner_unit", "\(owner)")
          values.set("state", "ACCEPTED")
        }
        return .success(count + 1)
      }
      guard held.text("state") != row.text("state") || held.text("outcome") != row.text("outcome")
      else { return .success(count) }
      try transaction.update(table, in: unit, key: row.key) { values in
        values.set("state", held.text("state"))
        for name in ["outcome", "outcome_number", "reason", "approver"] {
          values.set(name, held.text(name))
        }
        values.set("finished_on", held.date("finished_on"))
      }
      return .success(count + 1)
    }
  }
}
