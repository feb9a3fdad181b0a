/// The machines of domain.md §2.6. Derived states (OVERDUE, PUBLISHED_LATE) are computed and never stored.
extension StateMachine {
  /// 年度计划: signed by its owner, filed by the hub's receipt, superseded by a new version.
  package static let plan = StateMachine(
    "PLAN",
    [
      State("DRAFT", "草稿", next: ["SUBMITTED"]),
      State("SUBMITTED", "已签发", next: ["FILED", "SUPERSEDED", "CLOSED"]),
      State("FILED", "已备案", next: ["SUPERSEDED", "CLOSED"]),
      State("SUPERSEDED", "已被新版本替代", next: []),
      State("CLOSED", "年度终结", next: []),
    ])

  /// 抽查任务: drawn tasks cannot be deleted, only terminated.
  package static let task = StateMachine(
    "TASK",
    [
      State("PLANNED", "待抽取", next: ["COMMITTED", "TERMINATED"]),
      State("COMMITTED", "已固定名录", next: ["DRAWN", "TERMINATED"]),
      State("DRAWN", "已抽取", next: ["DISPATCHED", "TERMINATED"]),
      State("DISPATCHED", "已派发", next: ["IN_PROGRESS", "TERMINATED"]),
      State("IN_PROGRESS", "检查中", next: ["COMPLETED"]),
      State("COMPLETED", "已完成", next: ["PUBLISHED"]),
      State("PUBLISHED", "已公示", next: ["CLOSED"]),
      State("CLOSED", "已归档", next: []),
      State("TERMINATED", "已终止", next: []),
    ])

  /// 抽取: voided only by a row of the superior tier.
  package static let draw = StateMachine(
    "DRAW",
    [
      State("OPEN", "未开始", next: ["FROZEN", "VOIDED"]),
      State("FROZEN", "名录已冻结", next: ["COMMITTED", "VOIDED"]),
      State("COMMITTED", "已承诺", next: ["ACKED", "SELF_REVEALED", "VOIDED"]),
      State("SELF_REVEALED", "单方揭示", next: ["DRAWN", "VOIDED"]),
      State("ACKED", "上级已确认", next: ["DRAWN", "VOIDED"]),
      State("DRAWN", "已抽取", next: ["PROVEN", "VOIDED"]),
      State("PROVEN", "已公开证明", next: ["VOIDED"]),
      State("VOIDED", "已作废", next: []),
    ])

  /// 检查 of one object.
  package static let visit = StateMachine(
    "VISIT",
    [
      State("ASSIGNED", "已派员", next: ["NOTIFIED", "CANCELLED"]),
      State("NOTIFIED", "已通知", next: ["STARTED", "IMPOSSIBLE", "CANCELLED"]),
      State("STARTED", "检查中", next: ["DONE", "IMPOSSIBLE", "CANCELLED"]),
      State("CANCELLED", "已取消", next: []),
      State("IMPOSSIBLE", "无法检查", next: []),
      State("DONE", "已检查", next: []),
    ])

  /// 检查结果: what is final is only amended.
  package static let result = StateMachine(
    "RESULT",
    [
      State("NONE", "未录入", next: ["ENTERED"]),
      State("ENTERED", "已录入", next: ["REVIEW"]),
      State("REVIEW", "待审核", next: ["RETURNED", "FINAL"]),
      State("RETURNED", "审核退回", next: ["REVIEW"]),
      State("FINAL", "审核通过", next: ["PUBLISHED", "AMENDED"]),
      State("PUBLISHED", "已公示", next: ["AMENDED"]),
      State("AMENDED", "已更正", next: []),
    ])

  /// 结果公示.
  package static let publication = StateMachine(
    "PUBLICATION",
    [
      State("NOT_DUE", "未到期", next: ["DUE"]),
      State("DUE", "应公示", next: ["PUBLISHED", "EXEMPT"]),
      State("EXEMPT", "依法不公开", next: []),
      State("PUBLISHED", "已公示", next: []),
    ])

  /// 后续监管. A unit that is competent itself accepts without an offer.
  package static let followUp = StateMachine(
    "FOLLOWUP",
    [
      State("CREATED", "已生成", next: ["OFFERED", "ACCEPTED"]),
      State("OFFERED", "已移交待接收", next: ["ACCEPTED"]),
      State(
        "ACCEPTED", "已接收",
        next: ["LISTED", "CASE_FILED", "TRANSFERRED", "CORRECTED_VERIFIED", "NO_GROUND"]),
      State("NO_GROUND", "不符合列入情形", next: ["CLOSED"]),
      State("CORRECTED_VERIFIED", "责令改正已复核", next: ["CLOSED"]),
      State("LISTED", "已列入", next: ["CLOSED"]),
      State("CASE_FILED", "已立案", next: ["CLOSED"]),
      State("TRANSFERRED", "已移送", next: ["CLOSED"]),
      State("CLOSED", "已完结", next: []),
    ])

  /// 在岗状态 of an inspector: LEFT and RETIRED end it, a re-hire is a new row.
  package static let inspectorStatus: StateMachine = {
    let present = ["ON_DUTY", "LEAVE", "SECONDED", "SUSPENDED"]
    func next(_ own: String) -> [String] { present.filter { $0 != own } + ["LEFT", "RETIRED"] }
    return StateMachine(
      "INSPECTOR.status",
      [
        State("ON_DUTY", "在岗", next: next("ON_DUTY")),
        State("LEAVE", "请假", next: next("LEAVE")),
        State("SECONDED", "借调", next: next("SECONDED")),
        State("SUSPENDED", "停职", next: ["ON_DUTY", "LEFT", "RETIRED"]),
        State("LEFT", "离岗", next: ["RETIRED"]),
        State("RETIRED", "退休", next: []),
      ])
  }()

  /// 登记状态 of an object: follows the feed; CANCELLED ends it for draws, not for follow-ups.
  package static let registrationState: StateMachine = {
    let ended = ["CANCELLED"]
    return StateMachine(
      "OBJECT.regState",
      [
        State(
          "ACTIVE", "存续",
          next: ["SUSPENDED", "LIQUIDATING", "MOVED_OUT", "REVOKED", "RESCINDED"] + ended),
        State(
          "SUSPENDED", "歇业", next: ["ACTIVE", "LIQUIDATING", "MOVED_OUT", "REVOKED"] + ended),
        State("MOVED_OUT", "迁出", next: ["ACTIVE"] + ended),
        State("LIQUIDATING", "清算", next: ["REVOKED"] + ended),
        State("REVOKED", "吊销", next: ended),
        State("RESCINDED", "撤销", next: ended),
        State("CANCELLED", "注销", next: []),
      ])
  }()

  /// 移交 (domain.md §2.7).
  package static let handOver = StateMachine(
    "HANDOVER",
    [
      State("OFFERED", "已提出", next: ["REFUSED", "ACCEPTED", "DECIDED"]),
      State("REFUSED", "已拒绝", next: ["DECIDED"]),
      State("ACCEPTED", "已接收", next: ["DECIDED"]),
      State("DECIDED", "上级已决定", next: []),
    ])

  /// 线索.
  package static let lead = StateMachine(
    "LEAD",
    [
      State("RECEIVED", "已接收", next: ["VERIFYING", "REJECTED"]),
      State("VERIFYING", "核查中", next: ["VERIFIED"]),
      State("VERIFIED", "已核查", next: ["CASE_FILED", "CLOSED"]),
      State("CASE_FILED", "已立案", next: ["CLOSED"]),
      State("REJECTED", "不予受理", next: []),
      State("CLOSED", "已办结", next: []),
    ])

  /// All of them, for tables that list what may follow what.
  package static let all = [
    plan, task, draw, visit, result, publication, followUp, inspectorStatus, registrationState,
    handOver, lead,
  ]
}
