internal import Changes
internal import Inspection

/// Plans, tasks, receipts, evaluations. Source: domain.md §2.4, §2.4a.
///
/// A plan version is immutable from its signature on; two terminals that sign different plans of one number
/// make a conflict that a person decides (C-10). Receipts are rows of their own, so that no write of the hub
/// ever meets one of the unit.
package enum PlanTables {
  /// 年度计划 and 年度联合计划, in the unit's scope; written by its own nodes.
  package static let plans = CaseTable(
    1_110, "plans", "抽查工作计划",
    key: [.integer("year"), .text("kind"), .integer("plan_version")], writers: .scopeOnly,
    [
      .text(1, "title", "计划名称", .immutable),
      .text(2, "signed_by", "签发人", group: 1, .immutable),
      .number(3, "signed_at", "签发时间", group: 1, .immutable),
      .text(4, "reason", "调整原因", group: 1, .immutable),
      .text(5, "unmet_reasons", "未安排理由", group: 1, .immutable, bytes: 16 << 10),
      .date(6, "meeting_on", "专题会议日期", group: 1, .immutable),
      .number(7, "list_version", "清单版本", group: 1, .immutable),
      .number(8, "rules_version", "细则版本", group: 1, .immutable),
      .state(9, .plan),
    ])

  /// 计划任务: the definition of a task in a plan version.
  package static let planTasks = CaseTable(
    1_111, "plan_tasks", "计划任务",
    key: [.integer("year"), .text("kind"), .integer("plan_version"), .text("task_code")],
    writers: .scopeOnly,
    [
      .text(1, "name", "任务名称", .immutable),
      .text(2, "source", "任务来源", group: 1, .immutable),
      .text(3, "origin", "检查类型", group: 1, .immutable),
      .text(4, "item_codes", "抽查事项", group: 1, .immutable, bytes: 4 << 10),
      .text(5, "library", "检查对象库", group: 1, .immutable),
      .text(6, "draw_type", "抽查方式", group: 1, .immutable),
      .text(7, "filter_fields", "筛选条件", group: 1, .immutable, bytes: 4 << 10),
      .text(8, "strata", "分层比例", group: 1, .immutable, bytes: 4 << 10),
      .text(9, "departments", "发起和参与部门", group: 1, .immutable, bytes: 4 << 10),
      .date(10, "window_from", "检查起始", group: 1, .immutable),
      .date(11, "window_to", "检查截止", group: 1, .immutable),
      .number(12, "team_size", "每户检查人员数", group: 1, .immutable),
      .number(13, "is_list_public", "名单公示", group: 1, .immutable),
      .text(14, "approver", "审批人", group: 1, .immutable),
      .text(15, "requirement_id", "抽查要求", group: 1, .immutable),
      .text(16, "risk_analysis", "风险研判", group: 1, .immutable),
      .text(17, "filter", "筛选表达式", group: 1, .immutable, bytes: 4 << 10),
      .text(18, "implementers", "实施单位", .immutable, bytes: 8 << 10, since: 4),
    ])

  /// 任务: how far a task has come, whatever plan version it stands in.
  package static let tasks = CaseTable(
    1_112, "tasks", "抽查任务", key: [.text("task_code")],
    [
      .state(1, .task),
      .number(2, "committed_list_version", "承诺时清单版本", .latest),
      .date(3, "completed_on", "完成日期", .min),
      .text(4, "termination_reason", "终止理由", .latest),
      .text(5, "termination_approver", "终止批准人", group: 4, .latest),
    ])

  /// 部门完成: the set of departments that are done with a joint task (C-33).
  package static let completions = CaseTable(
    1_113, "task_completions", "部门完成情况", key: [.text("task_code"), .text("department")],
    existence: .addWins, [.date(1, "done_on", "完成日期", .latest)])

  /// 备案回执, written by the tiers above into the unit's scope.
  package static let receipts = CaseTable(
    1_114, "filing_receipts", "备案回执",
    key: [.integer("year"), .text("kind"), .integer("plan_version"), .text("hub")],
    writers: .above,
    [
      .number(1, "received_at", "收到时间", .immutable),
      .text(2, "received_by", "接收人", group: 1, .immutable),
      .text(3, "remark", "备注", .latest),
    ])

  /// 考核, one row a version, in the scope of the unit that is evaluated.
  package static let evaluations = CaseTable(
    1_115, "evaluations", "考核", key: [.text("evaluation_id"), .integer("evaluation_version")],
    writers: .above,
    [
      .text(1, "method", "考核方式", .immutable),
      .text(2, "period", "考核期间", group: 1, .immutable),
      .text(3, "indicators", "指标", group: 1, .immutable, bytes: 64 << 10),
      .text(4, "causal_cut", "因果切面", group: 1, .immutable, bytes: 16 << 10),
      .number(5, "score", "得分", group: 1, .immutable),
      .text(6, "remarks", "说明", group: 1, .immutable, bytes: 4 << 10),
    ])

  package static let all = [plans, planTasks, tasks, completions, receipts, evaluations]
}
