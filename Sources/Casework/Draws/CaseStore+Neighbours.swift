package import Causality
internal import Changes
package import Inspection
internal import Store

/// A loan that was taken back, and why.
package struct LoanRecall: Hashable, Sendable {
  /// Why a loan cannot stand.
  package enum Reason: String, Hashable, Sendable {
    /// The inspector is not on duty any more, or not there.
    case left = "E_LEFT"
    /// Lent to another unit for some of the days, and that was granted first.
    case lentBefore = "LENT_BEFORE"
  }

  package let owner: String
  package let guest: String
  package let inspector: String
  package let reason: Reason
  let key: [Value]

  fileprivate init(_ loan: Loan, _ reason: Reason) {
    (owner, guest, inspector) = (loan.owner, loan.guest, loan.inspector)
    (self.reason, key) = (reason, loan.key)
  }
}

private struct Loan {
  let owner: String
  let guest: String
  let inspector: String
  let window: ClosedRange<CivilDate>
  let key: [Value]
  let grantedAt: UInt64
}

/// Inspectors of neighbouring areas, and who goes in the place of one who cannot.
extension CaseStore {
  func loan(of inspector: String, to unit: Scope) throws(CaseworkError) -> CaseRow? {
    try rows(of: DrawTables.sharedInspectors, in: unit) { $0.key[1] == .text(inspector) }.first
  }

  /// Lends an inspector of one unit below to another for some days, as the tier above both. Throws `refused`
  /// while the inspector is lent to somebody else on one of the days (C-15), is not on duty or has no
  /// certificate through the last day; `missing`.
  package func lend(
    _ inspector: String, of owner: Scope, to guest: Scope, window: ClosedRange<CivilDate>,
    letter: String
  ) throws(CaseworkError) {
    let row = "\(owner)/\(inspector)"
    for sibling in replica.streams.map(\.scope) where sibling != guest {
      for loan in try rows(of: DrawTables.sharedInspectors, in: sibling) {
        guard loan.key[0] == .text("\(owner)"), loan.key[1] == .text(inspector),
          let from = loan.key[2].string.flatMap({ CivilDate($0) }),
          let to = loan.date("window_to"), from <= window.upperBound, window.lowerBound <= to
        else { continue }
        throw .refused([
          RuleBreach(
            .inspectorDraw, row: row, .lentElsewhere(inspector: inspector, unit: "\(sibling)"))
        ])
      }
    }
    let pool = FrameMaker(
      self, unit: owner, cut: try currentCut(of: owner), frozenAt: wallMilliseconds())
    let frame = try pool.inspectors(month: window.lowerBound)
    guard let held = frame.rows.first(where: { $0.id == inspector }) else {
      throw .missing(table: "inspectors", key: row)
    }
    guard held.isOnDuty, held.certificateValidTo >= FrameMaker.number(of: window.upperBound) else {
      throw .refused([
        RuleBreach(
          .inspectorDraw, row: row,
          .certificateExpired(inspector: inspector, validTo: "\(held.certificateValidTo)"))
      ])
    }
    let number = Int(held.certificateValidTo)
    let valid = CivilDate(
      year: number / 10_000, month: number / 100 % 100, day: number % 100)
    try perform("inspector lent") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text("\(owner)"), .text(inspector), .text("\(window.lowerBound)")]
      guard try transaction.row(of: DrawTables.sharedInspectors, in: guest, key: key) == nil else {
        return .failure(.exists(table: "shared_inspectors", key: row))
      }
      try transaction.insert(DrawTables.sharedInspectors, in: guest, key: key) { values in
        values.set("window_to", window.upperBound)
        values.set("certificate_valid_to", valid)
        values.set("tags", held.tags.joined(separator: " "))
        values.set("letter_number", letter)
      }
      return .success(())
    }
  }

  func currentCut(of unit: Scope) throws(CaseworkError) -> RosterCut {
    do throws(StoreError) { return try RosterCut(replica, unit: unit) } catch {
      throw .store(error)
    }
  }

  /// Takes back what cannot stand, as a tier above owner and guests: loans of inspectors who are not on duty any more
  /// (C-13), and of two loans of one inspector that two tiers above granted for the same days without a link the
  /// later one (C-15). What was drawn stays; the guest substitutes. Returns the loans taken back.
  package func recallLoans() throws(CaseworkError) -> [LoanRecall] {
    var loans: [Loan] = []
    for unit in unitsBelow { loans += try self.loans(of: unit) }
    var recalls: [LoanRecall] = []
    var kept: [Loan] = []
    for loan in loans.sorted(by: { ($0.grantedAt, $0.guest) < ($1.grantedAt, $1.guest) }) {
      let clash = kept.contains {
        $0.inspector == loan.inspector && $0.owner == loan.owner && $0.guest != loan.guest
          && $0.window.overlaps(loan.window)
      }
      if try !isOnDuty(loan.inspector, of: loan.owner) {
        recalls.append(LoanRecall(loan, .left))
      } else if clash {
        recalls.append(LoanRecall(loan, .lentBefore))
      } else {
        kept.append(loan)
      }
    }
    guard !recalls.isEmpty else { return [] }
    try perform("loans recalled") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      for recall in recalls {
        guard let guest = Scope(recall.guest) else { continue }
        try transaction.delete(DrawTables.sharedInspectors, in: guest, key: recall.key)
      }
      return .success(())
    }
    return recalls
  }

  /// The loans of a unit, with when they were granted by the clock of the tier that granted them.
  private func loans(of guest: Scope) throws(CaseworkError) -> [Loan] {
    let table = DrawTables.sharedInspectors
    var loans: [Loan] = []
    for row in try rows(of: table, in: guest) {
      guard let owner = row.key[0].string, let inspector = row.key[1].string,
        let from = row.key[2].string.flatMap({ CivilDate($0) }), let to = row.date("window_to"),
        from <= to
      else { continue }
      loans.append(
        Loan(
          owner: owner, guest: "\(guest)", inspector: inspector, window: from...to, key: row.key,
          grantedAt: try replica.firstWritten(table.id, row.key, in: guest)?.at ?? 0))
    }
    return loans
  }

  private func isOnDuty(_ inspector: String, of owner: String) throws(CaseworkError) -> Bool {
    guard let scope = Scope(owner), replica.tree.isAtOrAbove(ownScope, scope) else { return true }
    let place = InspectorFields.all.firstIndex { $0.id == InspectorFields.status.id } ?? 0
    do throws(StoreError) {
      let row = try replica.row(RosterSchema.inspectors.id, scope: scope, key: [.text(inspector)])
      return row.map { ($0.values[place].string ?? "ON_DUTY") == "ON_DUTY" } ?? false
    } catch {
      throw .store(error)
    }
  }

  // MARK: substitutes

  /// Puts the next of the same draw in the place of an inspector who cannot go any more (C-13): the one whom
  /// the draw would have chosen from the rest of the own pool, or else of the neighbours' that is still lent. The
  /// row of the other stays and names the substitute. Throws `refused` when nobody is left; `missing`. Returns the
  /// substitute.
  package func substitute(
    _ inspector: String, of visit: String, secret: DrawSecret, reason: String
  ) throws(CaseworkError) -> String {
    let key: [Value] = [.text(visit), .text(inspector)]
    guard let held = try row(of: VisitTables.assignments, in: ownScope, key: key),
      let order = try row(of: VisitTables.visits, in: ownScope, key: [.text(visit)])
    else { throw .missing(table: "assignments", key: "\(visit)/\(inspector)") }
    let next = try nextInRank(order, held, visit: visit, secret: secret)
    let lent = next.isNeighbour ? try loan(of: next.inspector, to: ownScope) : nil
    let valid = try certificate(of: next.inspector) ?? lent?.date("certificate_valid_to")
    let scope = ownScope
    try perform("substitute") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      try transaction.update(VisitTables.assignments, in: scope, key: key) { values in
        values.set("superseded_by", next.inspector)
      }
      let mode = next.isNeighbour ? AssignmentMode.neighbour : .random
      try transaction.insert(
        VisitTables.assignments, in: scope, key: [key[0], .text(next.inspector)]
      ) {
        $0.set("role", held.text("role"))
        $0.set("mode", mode.rawValue)
        $0.set("draw_id", held.text("draw_id"))
        $0.set("reason", reason)
        $0.set("letter_number", lent?.text("letter_number") ?? "")
        $0.set("certificate_valid_to", valid)
      }
      return .success(())
    }
    return next.inspector
  }

  /// Whom the draw of a visit would have chosen next.
  private func nextInRank(
    _ order: CaseRow, _ held: CaseRow, visit: String, secret: DrawSecret
  ) throws(CaseworkError) -> (inspector: String, isNeighbour: Bool) {
    let id = held.text("draw_id")
    let session = try session(id, of: ownScope)
    guard let task = session.tasks.first(where: { $0.code == order.text("task_code") }),
      let commit = try commitRecord(of: id, in: ownScope),
      let frame = try row(
        of: DrawTables.frames, in: ownScope, key: [.text(task.frame.description)]),
      let header = FrameHeader(frame, unit: ownScope), let rules = task.parameters.matching,
      let made = try remake(task, header, unit: ownScope), let own = made.pool,
      let ownHash = task.poolFrame
    else { throw .missing(table: "draw_sessions", key: id) }
    let year = Instant(milliseconds: Int64(clamping: header.frozenAtMilliseconds)).date?.year ?? 0
    let values = CommittedValues(
      secret: secret.bytes, unit: "\(ownScope)", side: .county, year: UInt16(clamping: year))
    let seed = DrawSeed(
      county: values.value(commit.valueIndex),
      hub: try acknowledgement(of: commit.hash, in: ownScope)?.value, source: commit.source)
    let now = FrameMaker(
      self, unit: ownScope, cut: try currentCut(of: ownScope), frozenAt: wallMilliseconds())
    let onDuty = Set(try now.inspectors(month: today).rows.filter(\.isOnDuty).map(\.id))
    let team = try rows(of: VisitTables.assignments, in: ownScope) { $0.key[0] == .text(visit) }
    let taken = Set(team.compactMap { $0.key[1].string })
    let lent = Set(
      try rows(of: DrawTables.sharedInspectors, in: ownScope).compactMap { $0.key[1].string })
    let pools: [(rows: [InspectorRow], hash: DrawHash, isNeighbour: Bool)] = [
      (
        own.rows.filter { onDuty.contains($0.id) && !taken.contains($0.id) },
        ownHash, false
      ),
      (
        (made.neighbours?.rows ?? []).filter { lent.contains($0.id) && !taken.contains($0.id) },
        rules.neighbourFrame ?? ownHash, true
      ),
    ]
    for pool in pools where !pool.rows.isEmpty {
      let match = try drawing(task.code) { () throws(DrawError) in
        InspectorMatch(
          objects: [order.text("subject_code")], pool: try InspectorFrame(pool.rows),
          poolHash: pool.hash, rules: rules, avoidance: task.avoidance,
          seed: seed.value(commit: commit.hash))
      }
      if let next = match.teams.first?.members.first { return (next, pool.isNeighbour) }
    }
    throw .refused([RuleBreach(.inspectorDraw, row: visit, .tooFewInspectors(count: 0))])
  }
}
