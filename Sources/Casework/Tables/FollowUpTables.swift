internal import Changes
internal import Inspection

/// What comes after a result, and leads. Source: domain.md §2.5, §2.7.
package enum FollowUpTables {
  /// 后续监管: one row of a kind for a result, whoever opens it (C-21).
  package static let followUps = CaseTable(
    1_140, "follow_ups", "后续监管",
    key: [.text("visit_id"), .text("item_code"), .text("department"), .text("kind")],
    [
      .number(1, "is_mandatory", "是否必须", .max),
      .date(2, "due_on", "期限", .min),
      .text(3, "owner_unit", "管辖单位", .latest),
      .state(4, .followUp),
      .code(5, "outcome", "处理结果", FollowUpOutcome.self, .latest),
      .text(6, "outcome_number", "文书号", group: 5, .latest),
      .text(7, "reason", "理由", group: 5, .latest, bytes: 4 << 10),
      .text(8, "approver", "批准人", group: 5, .latest),
      .date(9, "finished_on", "完结日期", group: 5, .latest),
    ])

  /// 移交: the offer, in the scope of the unit that offers. A tier above places it in the scope of the unit
  /// that answers, since neighbours hold nothing of each other.
  package static let handOvers = CaseTable(
    1_141, "hand_overs", "移交",
    key: [.text("subject"), .integer("sequence"), .text("hand_over_id")],
    [
      .text(1, "from_unit", "移出单位", .immutable),
      .text(2, "to_unit", "接收单位", group: 1, .immutable),
      .text(3, "content_hash", "内容散列", group: 1, .immutable),
      .date(4, "offered_on", "提出日期", group: 1, .immutable),
    ])

  /// 移交答复, in the scope of the unit that answers.
  package static let handOverAnswers = CaseTable(
    1_150, "hand_over_answers", "移交答复", key: [.text("subject"), .text("hand_over_id")],
    [
      .text(1, "answer", "答复", .immutable),
      .text(2, "content_hash", "内容散列", group: 1, .immutable),
      .text(3, "reason", "拒绝理由", group: 1, .immutable),
      .date(4, "answered_on", "答复日期", group: 1, .immutable),
    ])

  /// 移交决定 of the common superior; it beats offer and answer.
  package static let handOverDecisions = CaseTable(
    1_151, "hand_over_decisions", "移交决定", key: [.text("subject"), .text("hand_over_id")],
    writers: .above,
    [
      .text(1, "owner_unit", "指定单位", .immutable),
      .text(2, "decided_by", "决定人", group: 1, .immutable),
      .date(3, "decided_on", "决定日期", group: 1, .immutable),
    ])

  /// 列入决定.
  package static let listings = CaseTable(
    1_142, "listing_decisions", "列入决定", key: [.text("listing_id")],
    [
      .text(1, "subject_code", "对象", .immutable),
      .code(2, "list_kind", "列入种类", ListKind.self, group: 1, .immutable),
      .text(3, "ground", "列入事由", group: 1, .immutable),
      .date(4, "decided_on", "决定日期", group: 1, .immutable),
      .text(5, "decision_number", "决定文号", group: 1, .immutable),
      .text(6, "result", "检查结果", group: 1, .immutable),
      .date(7, "removed_on", "移出日期", .min),
    ])

  /// 立案.
  package static let caseFilings = CaseTable(
    1_143, "case_filings", "立案", key: [.text("case_number")],
    [
      .date(1, "filed_on", "立案日期", .immutable),
      .text(2, "source", "来源", group: 1, .immutable),
    ])

  /// 移送司法.
  package static let justiceTransfers = CaseTable(
    1_144, "justice_transfers", "移送司法", key: [.text("transfer_id")],
    [
      .date(1, "reported_on", "报告日期", .immutable),
      .number(2, "approved_at", "批准时间", group: 1, .immutable),
      .number(3, "handed_over_at", "移送时间", .min),
      .text(4, "receiver", "接收机关", .latest),
    ])

  /// 线索: with or without a credit code, made without a link.
  package static let leads = CaseTable(
    1_145, "leads", "线索", key: [.text("lead_id")],
    [
      .code(1, "source", "来源", LeadSource.self, .immutable),
      .number(2, "received_at", "接收时间", group: 1, .immutable),
      .text(3, "subject_code", "对象", group: 1, .immutable),
      .text(4, "subject_text", "对象描述", group: 1, .immutable, bytes: 4 << 10),
      .state(5, .lead),
      .date(6, "verified_on", "核查日期", .latest),
      .text(7, "outcome", "核查结果", group: 6, .latest, bytes: 4 << 10),
      .text(8, "extension_approver", "延期批准人", .latest),
      .text(9, "case_number", "案号", .latest),
      .text(10, "visit_id", "合并检查", .latest),
    ])

  /// 回避: anyone adds; adding beats a concurrent lift (C-14).
  package static let conflictsOfInterest = CaseTable(
    1_146, "conflicts_of_interest", "回避关系",
    key: [.text("inspector_code"), .text("subject_code"), .text("kind")], existence: .addWins,
    [.text(1, "declared_by", "申报人", .latest), .date(2, "declared_on", "申报日期", .latest)])

  /// 入库: a set of objects in libraries, with the standard they were added under (C-04).
  package static let libraryMembers = CaseTable(
    1_147, "library_members", "入库关系", key: [.text("subject_code"), .text("library")],
    existence: .addWins,
    [.number(1, "standard_version", "建库标准版本", .latest), .text(2, "added_by", "入库人", .latest)])

  /// 人员标签.
  package static let inspectorTags = CaseTable(
    1_148, "inspector_tags", "人员标签", key: [.text("inspector_code"), .text("tag")],
    existence: .addWins, [.text(1, "tagged_by", "标注人", .latest)])

  /// 培训记录.
  package static let trainings = CaseTable(
    1_149, "training_records", "培训记录",
    key: [.text("inspector_code"), .text("trained_on"), .text("topic")], existence: .addWins,
    [.number(1, "hours", "学时", .latest), .text(2, "issuer", "组织单位", .latest)])

  /// 主体并号: a code without a credit code that stands for another subject; a person's decision (C-24).
  package static let aliases = CaseTable(
    1_152, "subject_aliases", "主体并号", key: [.text("alias_code")],
    [
      .text(1, "survivor_code", "保留主体", .latest),
      .text(2, "reason", "理由", group: 1, .latest),
      .text(3, "decided_by", "认定人", group: 1, .latest),
      .date(4, "decided_on", "认定日期", group: 1, .latest),
    ])

  package static let all = [
    followUps, handOvers, handOverAnswers, handOverDecisions, listings, caseFilings,
    justiceTransfers, leads, conflictsOfInterest,
    libraryMembers, inspectorTags, trainings, aliases,
  ]
}
