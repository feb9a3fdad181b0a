/// 年度抽查工作计划 or 年度联合抽查工作计划: one version. Source.
package struct Plan: Hashable, Sendable {
  package let unit: UnitCode
  package let year: Int
  package let kind: FiledPlan
  /// 1…; a new version replaces the one before.
  package let version: Int
  package var title: String
  package var tasks: [PlanTask]
  /// 签发人; empty while it is a draft.
  package var signedBy: String
  package var signedAt: Instant?
  /// 调整原因 of a version after the first.
  package var reason: String
  /// Why a mandatory requirement has no task, by the requirement's id.
  package var unmetReasons: [String: String]
  /// 专题会议日期 of a joint plan.
  package var meetingOn: CivilDate?

  package init(
    unit: UnitCode, year: Int, kind: FiledPlan = .annual, version: Int = 1, title: String = "",
    tasks: [PlanTask], signedBy: String = "", signedAt: Instant? = nil, reason: String = "",
    unmetReasons: [String: String] = [:], meetingOn: CivilDate? = nil
  ) {
    (self.unit, self.year, self.kind, self.version) = (unit, year, kind, version)
    (self.title, self.tasks) = (title, tasks)
    (self.signedBy, self.signedAt, self.reason) = (signedBy, signedAt, reason)
    (self.unmetReasons, self.meetingOn) = (unmetReasons, meetingOn)
  }

  /// How breaches name it.
  package var row: String { "\(unit)/\(year)/\(version)" }
}

/// What a new version of a plan changed. Source.
package struct PlanAdjustment: Hashable, Sendable {
  /// Codes of tasks, ascending.
  package let added: [String]
  package let removed: [String]
  package let changed: [String]

  package init(from old: Plan, to new: Plan) {
    var before: [String: PlanTask] = [:]
    for task in old.tasks { before[task.code] = task }
    var after: [String: PlanTask] = [:]
    for task in new.tasks { after[task.code] = task }
    added = after.keys.filter { before[$0] == nil }.sorted()
    removed = before.keys.filter { after[$0] == nil }.sorted()
    changed = after.filter { before[$0.key] != nil && before[$0.key] != $0.value }.map(\.key)
      .sorted()
  }

  package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }
}
