internal import Changes
internal import Inspection

/// Visits, results, publication. Source: domain.md §2.5, §2.5a. All in the scope of the implementing unit.
package enum VisitTables {
  private static let resultKey: [KeyColumn] = [
    .text("visit_id"), .text("item_code"), .text("department"),
  ]

  /// 检查 of one object.
  package static let visits = CaseTable(
    1_130, "visits", "检查", key: [.text("visit_id")],
    [
      .text(1, "subject_code", "检查对象", .immutable),
      .text(2, "task_code", "任务编号", group: 1, .immutable),
      .text(3, "origin", "检查类型", group: 1, .immutable),
      .date(4, "window_from", "检查起始", group: 1, .immutable),
      .date(5, "window_to", "检查截止", group: 1, .immutable),
      .text(6, "notice_number", "检查通知书号", .latest),
      .text(7, "approval_number", "检查审批号", .latest),
      .number(8, "entry_scan_at", "扫码入企时间", .latest),
      .date(9, "visited_on", "检查日期", .latest),
      .text(10, "place", "检查地点", .latest),
      .state(11, .visit),
      .code(12, "impossible_reason", "无法检查原因", ImpossibleReason.self, .latest),
    ])

  /// 合并检查: links between visits that are one; whoever makes them, they unite (C-12).
  package static let visitLinks = CaseTable(
    1_131, "visit_links", "合并检查", key: [.text("visit_id"), .text("merged_visit_id")],
    existence: .addWins, [.text(1, "merged_by", "合并人", .latest)])

  /// 检查事项 of a visit. The origin never changes.
  package static let visitItems = CaseTable(
    1_132, "visit_items", "检查事项", key: resultKey, existence: .addWins,
    [
      .text(1, "origin", "检查类型", .immutable),
      .text(2, "draw_id", "抽取编号", group: 1, .immutable),
      .text(3, "task_code", "任务编号", group: 1, .immutable),
    ])

  /// 派员; a change is a further row that supersedes one.
  package static let assignments = CaseTable(
    1_133, "assignments", "派员", key: [.text("visit_id"), .text("inspector_code")],
    [
      .code(1, "role", "角色", TeamRole.self, .immutable),
      .code(2, "mode", "匹配方式", AssignmentMode.self, group: 1, .immutable),
      .text(3, "draw_id", "抽取编号", group: 1, .immutable),
      .number(4, "eligible_count", "可用人数", group: 1, .immutable),
      .text(5, "reason", "理由", group: 1, .immutable),
      .text(6, "approver", "批准人", group: 1, .immutable),
      .text(7, "letter_number", "协助函号", group: 1, .immutable),
      .date(8, "certificate_valid_to", "执法证有效期", group: 1, .immutable),
      .text(9, "superseded_by", "替换为", .latest),
    ])

  /// 检查结果. One verdict is one register, so that nobody's finding is mixed with another's date; a
  /// checklist that two filled in differently waits for a person (C-16).
  package static let results = CaseTable(
    1_134, "results", "检查结果", key: resultKey,
    [
      .text(1, "findings", "检查结果", .latest),
      .text(2, "methods", "核查方式", group: 1, .latest),
      .text(3, "problem", "发现问题情况", group: 1, .latest, bytes: 8 << 10),
      .text(4, "disposals", "后续处置措施", group: 1, .latest),
      .date(5, "checked_on", "检查日期", group: 1, .latest),
      .text(6, "signers", "签名人员", group: 1, .latest),
      .text(7, "object_signed", "被检查方签字", group: 1, .latest),
      .text(8, "checklist", "检查表", .review, bytes: 64 << 10),
      .number(9, "guideline_version", "指引版本", group: 8, .review),
      .text(10, "reviewed_by", "审核员", .latest),
      .text(11, "opinion", "审核意见", group: 10, .latest, bytes: 4 << 10),
      .state(12, .result),
    ])

  /// 审定结果: what was final, in a row of its own, written once. Two who finalise at the same time without a
  /// link make a conflict that a person decides.
  package static let finalResults = CaseTable(
    1_138, "final_results", "审定结果", key: resultKey, writers: .scopeOnly,
    [
      .text(1, "findings", "检查结果", .immutable),
      .text(2, "content", "审定内容", group: 1, .immutable, bytes: 128 << 10),
      .date(3, "checked_on", "检查日期", group: 1, .immutable),
      .date(4, "final_on", "审定日期", group: 1, .immutable),
      .text(5, "final_by", "审定人", group: 1, .immutable),
    ])

  /// 结果更正: appended, never changed.
  package static let amendments = CaseTable(
    1_135, "result_amendments", "结果更正", key: resultKey + [.integer("amendment")],
    writers: .scopeOnly,
    [
      .text(1, "field", "项目", .immutable),
      .text(2, "old_content", "原内容", group: 1, .immutable, bytes: 64 << 10),
      .text(3, "new_content", "新内容", group: 1, .immutable, bytes: 64 << 10),
      .text(4, "reason", "更正理由", group: 1, .immutable),
      .text(5, "approver", "批准人", group: 1, .immutable),
      .date(6, "amended_on", "更正日期", group: 1, .immutable),
    ])

  /// 证据, by the hash of its content.
  package static let evidence = CaseTable(
    1_136, "evidence", "证据", key: [.text("visit_id"), .text("sha256")],
    [
      .text(1, "kind", "种类", .immutable),
      .number(2, "byte_count", "字节数", group: 1, .immutable),
      .number(3, "taken_at", "采集时间", group: 1, .immutable),
      .text(4, "taken_by", "采集人", group: 1, .immutable),
    ])

  /// 结果公示. The unit publishes or exempts; a tier above asks for a takedown, which undoes nothing (C-19).
  package static let publications = CaseTable(
    1_137, "publications", "结果公示", key: resultKey,
    [
      .date(1, "due_on", "应公示日", .latest),
      .number(2, "calendar_version", "日历版本", group: 1, .latest),
      .number(3, "is_provisional", "是否暂定", group: 1, .latest),
      .state(4, .publication),
      .date(5, "published_on", "公示日期", .min),
      .text(6, "channel", "公示渠道", .latest),
      .text(7, "batch_number", "批次", group: 6, .latest),
      .text(8, "exempt_ground", "不公开依据", .latest),
      .text(9, "exempt_approver", "批准人", group: 8, .latest),
      .text(10, "takedown_request", "撤回公示请求", .latest),
      .text(11, "takedown_requested_by", "请求单位", group: 10, .latest),
    ])

  /// 督查意见: what a tier above says of a result; it changes nothing of it (C-18).
  package static let supervisionNotes = CaseTable(
    1_139, "supervision_notes", "督查意见", key: resultKey + [.text("note_id")], writers: .above,
    [
      .text(1, "content", "意见", .immutable, bytes: 8 << 10),
      .text(2, "noted_by", "提出人", group: 1, .immutable),
      .text(3, "noted_unit", "提出单位", group: 1, .immutable),
      .date(4, "noted_on", "提出日期", group: 1, .immutable),
    ])

  package static let all = [
    visits, visitLinks, visitItems, assignments, results, amendments, evidence, publications,
    finalResults, supervisionNotes,
  ]
}
