internal import Changes
internal import Inspection

/// The rows of draws, in the scope of the drawing unit. Source: domain.md §2.4a, §4; the records themselves
/// are the draw's own bytes.
package enum DrawTables {
  /// 名录快照: what a draw was made from, and the verdict of the nearest hub, whose signed finding is in
  /// `witnesses`.
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
      .number(10, "list_version", "清单版本", group: 1, .immutable),
      .text(11, "previous_frame", "上次快照", group: 1, .immutable),
      .text(12, "units", "名录单位", .immutable, bytes: 16 << 10, since: 4),
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
      .text(8, "entries", "各任务参数", group: 1, .immutable, bytes: 4 << 20),
      .number(9, "is_stale", "名录未达基线", group: 1, .immutable),
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
      .text(5, "public_value", "公开随机值", group: 1, .immutable),
    ])

  /// 上级确认, written above.
  package static let acknowledgements = CaseTable(
    1_122, "hub_acknowledgements", "上级确认", key: [.text("commit_hash")], writers: .above,
    [
      .text(1, "hub_value", "上级揭示值", .immutable),
      .number(2, "acknowledged_at", "确认时间", group: 1, .immutable),
      .text(3, "signature", "签名", group: 1, .immutable),
      .text(4, "remark", "备注", group: 1, .immutable),
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
      .number(4, "voided_at", "作废时间", group: 1, .immutable),
      .text(5, "signatures", "签名", group: 1, .immutable, bytes: 256 << 10),
    ])

  /// 名录基线: what a unit's knowledge has to cover before it may freeze its roster. Written above.
  package static let barriers = CaseTable(
    1_127, "roster_barriers", "名录基线", key: [.text("month"), .text("hub")], writers: .above,
    [
      .text(1, "cut", "因果切面", .immutable, bytes: 64 << 10),
      .number(2, "issued_at", "发布时间", group: 1, .immutable),
      .text(3, "issued_by", "发布人", group: 1, .immutable),
    ])

  /// 县级承诺值: what a unit bound itself to for a year, and who signs its draws.
  package static let anchors = CaseTable(
    1_128, "draw_anchors", "抽取承诺值", key: [.integer("year")], writers: .scopeOnly,
    anchorFields + [
      .text(5, "operator", "操作人", group: 1, .immutable),
      .text(6, "operator_key", "操作人公钥", group: 1, .immutable),
      .text(7, "supervisor", "监督人", group: 1, .immutable),
      .text(8, "supervisor_key", "监督人公钥", group: 1, .immutable),
    ])

  /// 上级承诺值 for one unit and year, written above.
  package static let hubAnchors = CaseTable(
    1_129, "hub_anchors", "上级承诺值", key: [.integer("year"), .text("hub")], writers: .above,
    anchorFields)

  private static let anchorFields: [RosterField] = [
    .text(1, "leaves", "承诺值叶", .immutable, bytes: 512 << 10),
    .text(2, "signature", "签名", group: 1, .immutable),
    .text(3, "public_key", "公钥", group: 1, .immutable),
    .number(4, "published_at", "公布时间", group: 1, .immutable),
  ]

  /// 上级核验: what a hub found when it made a frame again from its own replica. Written above.
  package static let witnesses = CaseTable(
    1_160, "frame_witnesses", "名录核验", key: [.text("frame_hash"), .text("hub")],
    writers: .above,
    [
      .text(1, "verdict", "核验结论", .latest),
      .number(2, "row_count", "户数", group: 1, .latest),
      .text(3, "merkle_root", "默克尔根", group: 1, .latest),
      .text(4, "signature", "签名", group: 1, .latest),
      .number(5, "verified_at", "核验时间", group: 1, .latest),
    ])

  /// 邻区共享名单: inspectors of a neighbour that a tier above lends a unit for some days; name, certificate and
  /// tags only.
  package static let sharedInspectors = CaseTable(
    1_161, "shared_inspectors", "邻区共享人员",
    key: [.text("owner_unit"), .text("inspector_code"), .text("window_from")], writers: .above,
    [
      .date(1, "window_to", "截止日期", .immutable),
      .date(2, "certificate_valid_to", "执法证有效期", group: 1, .immutable),
      .text(3, "tags", "标签", group: 1, .immutable, bytes: 4 << 10),
      .text(4, "letter_number", "协助函号", group: 1, .immutable),
    ])

  /// 任务分派: what a draw of a tier above over several rosters gave this unit to visit. Written above; the other
  /// units, which hold nothing of it, learn no name.
  package static let shares = CaseTable(
    1_162, "object_shares", "任务分派", key: [.text("draw_id"), .text("task_code")],
    writers: .above,
    [
      .text(1, "initiator", "发起单位", .immutable),
      .text(2, "share_record", "分派记录", group: 1, .immutable, bytes: 8 << 20),
      .text(3, "left_out", "归他县的对象", group: 1, .immutable, bytes: 8 << 20),
      .number(4, "handed_at", "分派时间", group: 1, .immutable),
    ])

  package static let all = [
    shares,
    frames, sessions, acknowledgements, results, voids, commits, reveals, barriers, anchors,
    hubAnchors, witnesses, sharedInspectors,
  ]
}
