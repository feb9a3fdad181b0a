package import Causality
internal import Changes
package import Inspection
internal import Store

/// An offer as it stands in a unit's scope.
package struct HandOverEntry: Hashable, Sendable {
  package let subject: String
  package let handOver: HandOver
}

extension CaseStore {
  /// Offers a thing that this unit owns to another unit (domain.md §2.7). A tier above carries the offer to it.
  /// `id`: minted by the caller. Throws `refused` for a thing of another owner or with an open offer, `missing`
  /// for a follow-up that is not here.
  package func offer(
    _ subject: HandOverSubject, to unit: UnitCode, id: String
  ) throws(CaseworkError) {
    guard let own = UnitCode("\(ownScope)") else { return }
    let owner = try ownership(of: subject, initial: own, in: ownScope)
    guard owner.owner == own, owner.open == nil, unit != own else {
      throw .refused([
        RuleBreach(
          .followUp, row: subject.text,
          .notOwner(unit: own.text, owner: owner.open?.to.text ?? owner.owner.text))
      ])
    }
    let hash = try contentHash(of: subject, in: ownScope)
    let sequence = try handOvers(in: ownScope).count { $0.subject == subject.text } + 1
    let (scope, today) = (ownScope, today)
    try perform("handed over") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      try transaction.insert(
        FollowUpTables.handOvers, in: scope,
        key: [.text(subject.text), .integer(Int64(sequence)), .text(id)]
      ) { values in
        values.set("from_unit", own.text)
        values.set("to_unit", unit.text)
        values.set("content_hash", hash)
        values.set("offered_on", today)
      }
      if let key = subject.followUpKey,
        let row = try transaction.row(of: FollowUpTables.followUps, in: scope, key: key),
        row.text("state") == "CREATED"
      {
        try transaction.update(FollowUpTables.followUps, in: scope, key: key) { values in
          values.set("state", "OFFERED")
        }
      }
      return .success(())
    }
  }

  /// Answers an offer to this unit: takes the thing as it was offered, or refuses it with a reason. Throws
  /// `missing`, `refused`, `exists` for an offer that is answered.
  package func answer(
    handOver id: String, accepting: Bool, reason: String = ""
  ) throws(CaseworkError) {
    guard let own = UnitCode("\(ownScope)") else { return }
    let found = try handOvers(in: ownScope).first { $0.handOver.id == id }
    guard let entry = found else { throw .missing(table: "hand_overs", key: id) }
    do throws(RuleBreach) {
      try entry.handOver.checkAcceptance(by: own, contentHash: entry.handOver.contentHash)
    } catch {
      throw .refused([error])
    }
    guard accepting || !reason.isEmpty else {
      throw .refused([RuleBreach(.followUp, row: id, .missing(field: "拒绝理由"))])
    }
    let (scope, today) = (ownScope, today)
    let key: [Value] = [.text(entry.subject), .text(id)]
    try perform("hand-over answered") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.row(of: FollowUpTables.handOverAnswers, in: scope, key: key) == nil
      else { return .failure(.exists(table: "hand_over_answers", key: id)) }
      try transaction.insert(FollowUpTables.handOverAnswers, in: scope, key: key) { values in
        values.set("answer", accepting ? "ACCEPTED" : "REFUSED")
        values.set("content_hash", DrawHash(entry.handOver.contentHash)?.description ?? "")
        values.set("reason", reason)
        values.set("answered_on", today)
      }
      return .success(())
    }
  }

  /// Names the owner, as the common superior: it beats offer and answer. Throws `missing`, `exists`.
  package func decide(
    handOver id: String, of unit: Scope, owner: UnitCode
  ) throws(CaseworkError) {
    let found = try handOvers(in: unit).first { $0.handOver.id == id }
    guard let entry = found else { throw .missing(table: "hand_overs", key: id) }
    let key: [Value] = [.text(entry.subject), .text(id)]
    let (author, today) = (author, today)
    try perform("hand-over decided") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      guard try transaction.row(of: FollowUpTables.handOverDecisions, in: unit, key: key) == nil
      else { return .failure(.exists(table: "hand_over_decisions", key: id)) }
      try transaction.insert(FollowUpTables.handOverDecisions, in: unit, key: key) { values in
        values.set("owner_unit", owner.text)
        values.set("decided_by", author)
        values.set("decided_on", today)
      }
      return .success(())
    }
  }

  /// The offers in a unit's scope, those to it among them once a tier above has carried them, by subject and
  /// number.
  package func handOvers(in unit: Scope) throws(CaseworkError) -> [HandOverEntry] {
    func byID(_ table: CaseTable) throws(CaseworkError) -> [String: CaseRow] {
      var found: [String: CaseRow] = [:]
      for row in try rows(of: table, in: unit) { found[row.key.last?.string ?? ""] = row }
      return found
    }
    let answers = try byID(FollowUpTables.handOverAnswers)
    let decisions = try byID(FollowUpTables.handOverDecisions)
    return try rows(of: FollowUpTables.handOvers, in: unit).compactMap { row in
      guard row.key.count == 3, let subject = row.key[0].string, let id = row.key[2].string,
        case .integer(let sequence) = row.key[1], let from = UnitCode(row.text("from_unit")),
        let to = UnitCode(row.text("to_unit")), let offeredOn = row.date("offered_on")
      else { return nil }
      let answer = answers[id].map { answered in
        answered.text("answer") == "ACCEPTED"
          ? HandOver.Answer.accepted(contentHash: Self.bytes(answered.text("content_hash")))
          : .refused(reason: answered.text("reason"))
      }
      return HandOverEntry(
        subject: subject,
        handOver: HandOver(
          id: id, sequence: Int(clamping: sequence), from: from, to: to,
          contentHash: Self.bytes(row.text("content_hash")), offeredOn: offeredOn, answer: answer,
          decision: decisions[id].flatMap { UnitCode($0.text("owner_unit")) }))
    }
  }

  /// Who owns a thing, by the rows in the scope of the unit that had it first. Exactly one unit does.
  package func ownership(
    of subject: HandOverSubject, initial: UnitCode, in unit: Scope
  ) throws(CaseworkError) -> Ownership {
    let offers = try handOvers(in: unit).filter { $0.subject == subject.text }.map(\.handOver)
    return Ownership(
      initial: initial, handOvers: offers, today: today, calendar: calendar, rules: rules)
  }

  /// The hash of what is offered: of a follow-up all that it says but its state, of others their name. A later
  /// write of the offering unit changes it and thus undoes the offer.
  func contentHash(of subject: HandOverSubject, in unit: Scope) throws(CaseworkError) -> String {
    guard let key = subject.followUpKey else {
      return "\(DrawHash(hashing: Array(subject.text.utf8)))"
    }
    guard let row = try row(of: FollowUpTables.followUps, in: unit, key: key) else {
      throw .missing(table: "follow_ups", key: subject.text)
    }
    let names = ["is_mandatory", "due_on", "outcome", "outcome_number", "reason", "approver"]
    let texts = names.map { name in
      row.integer(name).map { "\($0)" } ?? row.text(name)
    }
    return "\(DrawHash(hashing: Array(([subject.text] + texts).joined(separator: "\n").utf8)))"
  }

  private static func bytes(_ hash: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = hash[...]
    while rest.count >= 2, let byte = UInt8(rest.prefix(2), radix: 16) {
      bytes.append(byte)
      rest = rest.dropFirst(2)
    }
    return bytes
  }
}
