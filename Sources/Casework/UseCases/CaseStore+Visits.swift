internal import Causality
internal import Changes
package import Inspection
internal import Store

/// A visit that is to be made: who is checked, for what, when and by whom.
package struct VisitOrder: Hashable, Sendable {
  /// 32 hexadecimal digits, minted by the unit that dispatches.
  package let id: String
  package let subjectCode: String
  package let taskCode: String
  package let origin: CheckOrigin
  package let drawID: String
  package let window: ClosedRange<CivilDate>
  /// Items by the department that checks them.
  package let items: [(code: String, department: String)]
  package let team: [Member]

  /// One of the team, and how it came there.
  package struct Member: Hashable, Sendable {
    package let inspector: String
    package let role: TeamRole
    package let mode: AssignmentMode
    package let certificateValidTo: CivilDate?
    package let eligibleCount: Int?
    package let reason: String
    package let approver: String
    package let letter: String

    package init(
      _ inspector: String, _ role: TeamRole, mode: AssignmentMode = .random,
      certificateValidTo: CivilDate?, eligibleCount: Int? = nil, reason: String = "",
      approver: String = "", letter: String = ""
    ) {
      (self.inspector, self.role, self.mode) = (inspector, role, mode)
      (self.certificateValidTo, self.eligibleCount) = (certificateValidTo, eligibleCount)
      (self.reason, self.approver, self.letter) = (reason, approver, letter)
    }
  }

  package init(
    id: String, subjectCode: String, taskCode: String, origin: CheckOrigin = .random,
    drawID: String = "", window: ClosedRange<CivilDate>,
    items: [(code: String, department: String)], team: [Member]
  ) {
    (self.id, self.subjectCode, self.taskCode) = (id, subjectCode, taskCode)
    (self.origin, self.drawID, self.window) = (origin, drawID, window)
    (self.items, self.team) = (items, team)
  }

  package static func == (left: VisitOrder, right: VisitOrder) -> Bool {
    left.id == right.id && left.team == right.team
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension CaseStore {
  /// Writes a visit with its items and its team, two inspectors at least. A random check needs its
  /// draw. Throws `refused`, `exists`.
  package func dispatch(_ order: VisitOrder) throws(CaseworkError) {
    var breaches = order.team.flatMap { member in
      AssignmentRules.breaches(
        mode: member.mode, eligibleCount: member.eligibleCount, teamSize: 2,
        reason: member.reason, approver: member.approver, letter: member.letter, rules: rules,
        row: "\(order.id)/\(member.inspector)")
    }
    let inspectors = Set(order.team.filter { $0.role != .expert }.map(\.inspector))
    if inspectors.count < 2 {
      breaches.append(
        RuleBreach(
          .inspectorDraw, row: order.id, .tooFewInspectors(count: inspectors.count)))
    }
    if order.items.isEmpty {
      breaches.append(RuleBreach(.linkedChain, row: order.id, .missing(field: "抽查事项")))
    }
    if order.origin == .random, order.drawID.isEmpty {
      breaches.append(RuleBreach(.onePlatform, row: order.id, .missing(field: "抽取编号")))
    }
    if let refusal = breaches.refusal { throw refusal }
    let scope = ownScope
    try perform("visit dispatched") {
      transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(order.id)]
      guard try transaction.row(of: VisitTables.visits, in: scope, key: key) == nil else {
        return .failure(.exists(table: "visits", key: order.id))
      }
      try transaction.insert(VisitTables.visits, in: scope, key: key) { values in
        values.set("subject_code", order.subjectCode)
        values.set("task_code", order.taskCode)
        values.set("origin", order.origin.rawValue)
        values.set("window_from", order.window.lowerBound)
        values.set("window_to", order.window.upperBound)
        values.set("state", StateMachine.visit.initial)
      }
      for item in order.items {
        let itemKey = key + [.text(item.code), .text(item.department)]
        try transaction.insert(VisitTables.visitItems, in: scope, key: itemKey) { values in
          values.set("origin", order.origin.rawValue)
          values.set("draw_id", order.drawID)
          values.set("task_code", order.taskCode)
        }
      }
      for member in order.team {
        try insert(member, of: order, in: scope, transaction)
      }
      return .success(())
    }
  }

  private func insert(
    _ member: VisitOrder.Member, of order: VisitOrder, in scope: Scope,
    _ transaction: CaseTransaction
  ) throws(StoreError) {
    try transaction.insert(
      VisitTables.assignments, in: scope, key: [.text(order.id), .text(member.inspector)]
    ) { values in
      values.set("role", member.role.rawValue)
      values.set("mode", member.mode.rawValue)
      values.set("draw_id", order.drawID)
      if let count = member.eligibleCount { values.set("eligible_count", Int64(count)) }
      values.set("reason", member.reason)
      values.set("approver", member.approver)
      values.set("letter_number", member.letter)
      values.set("certificate_valid_to", member.certificateValidTo)
    }
  }

  /// Takes a visit one or more steps further, each of them legal. Throws `refused`, also for setting out where the
  /// draw was voided and, where the rules ask for both, without the numbers of notice and approval; `missing`.
  /// `notice`, `approval`: 检查通知书号, 检查审批号; empty leaves what is there.
  package func advance(
    visit: String, through states: [String], reason: ImpossibleReason? = nil, notice: String = "",
    approval: String = ""
  ) throws(CaseworkError) {
    let (scope, needsNumbers) = (ownScope, rules.switches.visitsNeedApproval)
    if states.contains("NOTIFIED") || states.contains("STARTED"),
      let row = try row(of: VisitTables.visits, in: scope, key: [.text(visit)]),
      let breach = try voidedDraw(of: row, in: scope)
    {
      throw .refused([breach])
    }
    try perform("visit") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.text(visit)]
      guard let row = try transaction.row(of: VisitTables.visits, in: scope, key: key) else {
        return .failure(.missing(table: "visits", key: visit))
      }
      var state = row.text("state")
      for next in states {
        do throws(RuleBreach) {
          try StateMachine.visit.check(from: state, to: next, .objectDraw, row: visit)
        } catch {
          return .failure(.refused([error]))
        }
        state = next
      }
      if state == "IMPOSSIBLE", reason == nil {
        return .failure(
          .refused([RuleBreach(.linkedChain, row: visit, .missing(field: "无法检查原因"))]))
      }
      if needsNumbers, states.contains("STARTED") {
        let missing = [("检查通知书号", "notice_number", notice), ("检查审批号", "approval_number", approval)]
          .filter { $0.2.isEmpty && row.text($0.1).isEmpty }
        if let refusal = missing.map({
          RuleBreach(.methods, row: visit, .missing(field: $0.0))
        }).refusal {
          return .failure(refusal)
        }
      }
      try transaction.update(VisitTables.visits, in: scope, key: key) { values in
        values.set("state", state)
        if !notice.isEmpty { values.set("notice_number", notice) }
        if !approval.isEmpty { values.set("approval_number", approval) }
        if let reason { values.set("impossible_reason", reason.rawValue) }
      }
      return .success(())
    }
  }
}
