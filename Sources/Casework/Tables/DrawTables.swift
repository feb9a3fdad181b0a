internal import Changes
internal import Inspection

/// The rows of draws, in the scope of the drawing unit. Source: domain.md §2.4a, §4; the records themselves
/// are the draw's own bytes.
package enum DrawTables {
  /// 名录快照: what a draw was made from. The hub's verdict is the hub's to write.
  package static let frames = CaseTable(
    1_120, "frames", "名录快照", key: [.text("frame_hash")],
    [
      .text(1, "kind", "种类", .immutable),
      .text(2, "version_vector", "因果切面", group: 1, .immutable, bytes: 64 << 10),
      .text(3, "merkle_root", "默克尔根", group: 1, .immutable),
      .number(4, "row_count", "抽取库总户数", group: 1, .immutable),
      .number(5, "frozen_at", "冻结时间", group: 1, .immutable),
      .text(6, "list_hash", "清单散列", group: 1, .immutable),
      .text(7, "roster_changes", "名录变动", group: 1, .immutable, bytes: 64 << 10),
      .text(8, "verification", "上级核验", .latest),
      .date(9, "verified_on", "核验日期", group: 8, .latest),
    ])

  /// 抽取; one row per draw, never deleted.
  package static let sessions = CaseTable(
    1_121, "draw_sessions", "抽取", key: [.text("draw_id")],
    [
      .text(1, "task_codes", "任务", .immutable, bytes: 16 << 10),
      .text(2, "kind", "种类", group: 1, .immutable),
      .number(3, "draw_sequence", "抽取次序", group: 1, .immutable),
      .number(4, "value_index", "承诺值序号", group: 1, .immutable),
      .text(5, "frame_hash", "名录散列", group: 1, .immutable),
      .text(6, "parameters_hash", "参数散列", group: 1, .immutable),
      .state(7, .draw),
    ])

  /// 承诺, signed by two.
  package static let commits = CaseTable(
    1_125, "draw_commits", "抽取承诺", key: [.text("draw_id")],
    [
      .text(1, "commit_hash", "承诺散列", .immutable),
      .text(2, "commit_record", "承诺记录", group: 1, .immutable, bytes: 64 << 10),
      .text(3, "operator", "操作人", group: 1, .immutable),
      .text(4, "supervisor", "监督人", group: 1, .immutable),
    ])

  /// 揭示 of the county's value, once the visits have ended.
  package static let reveals = CaseTable(
    1_126, "draw_reveals", "抽取揭示", key: [.text("draw_id")],
    [
      .text(1, "seed_grade", "种子等级", .immutable),
      .text(2, "public_reference", "公开随机源", group: 1, .immutable),
      .text(3, "revealed_value", "揭示值", group: 1, .immutable),
      .number(4, "revealed_at", "揭示时间", group: 1, .immutable),
    ])

  /// 上级确认, written above.
  package static let acknowledgements = CaseTable(
    1_122, "hub_acknowledgements", "上级确认", key: [.text("commit_hash")], writers: .above,
    [
      .text(1, "hub_value", "上级揭示值", .immutable),
      .number(2, "acknowledged_at", "确认时间", group: 1, .immutable),
      .text(3, "signature", "签名", group: 1, .immutable),
    ])

  /// 抽取结果: the published record.
  package static let results = CaseTable(
    1_123, "draw_results", "抽取结果", key: [.text("draw_id")],
    [
      .text(1, "result_hash", "结果散列", .immutable),
      .text(2, "record", "结果记录", group: 1, .immutable, bytes: 8 << 20),
    ])

  /// 作废: only the tier above writes it.
  package static let voids = CaseTable(
    1_124, "draw_voids", "抽取作废", key: [.text("draw_id")], writers: .above,
    [
      .text(1, "reason", "作废原因", .immutable),
      .text(2, "approver", "批准人", group: 1, .immutable),
      .date(3, "voided_on", "作废日期", group: 1, .immutable),
    ])

  package static let all = [
    frames, sessions, acknowledgements, results, voids, commits, reveals,
  ]
}
