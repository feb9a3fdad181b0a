package import Causality
internal import Changes
package import Inspection
internal import Store

/// Something that a unit has to do by a day.
package struct DueEntry: Hashable, Sendable {
  /// What it is.
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// 年度计划 and 联合计划, to be signed and filed.
    case plan = "PLAN"
    /// 检查, to be made within its window.
    case visit = "VISIT"
    /// 结果公示.
    case publication = "PUBLICATION"
    /// 后续监管.
    case followUp = "FOLLOW_UP"
    /// 线索核查.
    case lead = "LEAD"

    package var title: String {
      switch self {
      case .plan: "计划备案"
      case .visit: "检查"
      case .publication: "结果公示"
      case .followUp: "后续监管"
      case .lead: "线索核查"
      }
    }
  }

  package let due: DueDate
  package let kind: Kind
  /// The row as people name it.
  package let row: String
  /// What people read beside it: a company, a kind of follow-up.
  package let subject: String
  package let requirement: Requirement
  package let isOverdue: Bool
  /// Working days left from tomorrow on to the day itself; 0 on the day and after it.
  package let workingDaysLeft: Int
}

extension CaseStore {
  /// What a unit has to do, the earliest first, as it is known here today: a county's list for the week, without a
  /// link. What is done already is not in it. Cost: linear in the unit's visits, publications and follow-ups.
  package func dues(of unit: Scope) throws(CaseworkError) -> [DueEntry] {
    var entries = try planDues(of: unit)
    for row in try rows(of: VisitTables.visits, in: unit) {
      guard ["ASSIGNED", "NOTIFIED", "STARTED"].contains(row.text("state")),
        let to = row.date("window_to")
      else { continue }
      entries.append(
        entry(
          DueDate(date: to, isProvisional: false), .visit, row.keyText,
          row.text("subject_code"), .linkedChain))
    }
    for publication in try publications(of: unit) {
      guard [.due, .overdue].contains(publication.standing), let due = publication.due else {
        continue
      }
      entries.append(entry(due, .publication, publication.key.row, "", .publication))
    }
    for followUp in try followUps(of: unit) {
      guard followUp.standing != .closed, let due = followUp.dueOn else { continue }
      entries.append(
        entry(
          DueDate(date: due, isProvisional: false), .followUp, followUp.result.row,
          followUp.kind.title, followUp.isMandatory ? .mandatoryListing : .followUp))
    }
    for lead in try leads(of: unit) {
      guard ["RECEIVED", "VERIFYING"].contains(lead.state), let due = lead.due else { continue }
      let subject = lead.subjectCode.isEmpty ? lead.subjectText : lead.subjectCode
      entries.append(entry(due, .lead, lead.id, subject, .leads))
    }
    return entries.sorted {
      ($0.due.date, $0.kind.rawValue, $0.row) < ($1.due.date, $1.kind.rawValue, $1.row)
    }
  }

  /// The plans of this year that are not signed yet; the top files none.
  private func planDues(of unit: Scope) throws(CaseworkError) -> [DueEntry] {
    guard replica.tree.parent(of: unit) != nil else { return [] }
    let year = today.year
    let signed = try rows(of: PlanTables.plans, in: unit) { $0.key[0] == .integer(Int64(year)) }
    return FiledPlan.allCases.compactMap { kind in
      guard !signed.contains(where: { $0.key[1] == .text(kind.rawValue) }),
        let day = kind.lastDay(of: year)
      else { return nil }
      return entry(
        DueDate(date: day, isProvisional: false), .plan, "\(year)/\(kind.rawValue)", "",
        kind.requirement)
    }
  }

  private func entry(
    _ due: DueDate, _ kind: DueEntry.Kind, _ row: String, _ subject: String,
    _ requirement: Requirement
  ) -> DueEntry {
    let left = due.date > today ? calendar.workingDays(after: today, through: due.date) : 0
    return DueEntry(
      due: due, kind: kind, row: row, subject: subject, requirement: requirement,
      isOverdue: due.date < today, workingDaysLeft: left)
  }
}
