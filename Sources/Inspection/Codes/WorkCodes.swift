/// 任务类别 of an activity: why an object is checked. Immutable after creation.
package enum CheckOrigin: String, ListedCode {
  case random = "RANDOM"
  case lead = "LEAD"
  case riskSpecial = "RISK_SPECIAL"
  case sieve = "SIEVE"
  case routine = "ROUTINE_SPECIAL_FIELD"

  package var title: String {
    switch self {
    case .random: "双随机抽查"
    case .lead: "线索核查"
    case .riskSpecial: "风险专项检查"
    case .sieve: "过筛式排查"
    case .routine: "特殊重点领域日常监管"
    }
  }
}

/// 抽查方式 of a task. Source: domain.md §2.4a, R-1.8, R-1.9, R-2.17.
package enum DrawType: String, ListedCode {
  case undirected = "UNDIRECTED"
  case directed = "DIRECTED"
  case sieve = "SIEVE"
  case batch = "BATCH"

  package var title: String {
    switch self {
    case .undirected: "不定向"
    case .directed: "定向"
    case .sieve: "过筛"
    case .batch: "批次"
    }
  }
}

/// 任务来源.
package enum TaskSource: String, ListedCode {
  case plan = "PLAN"
  case temporary = "TEMP"

  package var title: String { self == .plan ? "年度计划" : "临时任务" }
}

/// 匹配方式 of an inspector. Source.
package enum AssignmentMode: String, ListedCode {
  case random = "RANDOM"
  case neighbour = "NEIGHBOUR"
  case direct = "DIRECT"

  package var title: String {
    switch self {
    case .random: "随机匹配"
    case .neighbour: "邻区随机匹配"
    case .direct: "直接委派"
    }
  }
}

/// 角色 on a visit's team. An expert is neither of the two inspectors and signs nothing.
package enum TeamRole: String, ListedCode {
  case leader = "LEADER"
  case member = "MEMBER"
  case expert = "EXPERT"

  package var title: String {
    switch self {
    case .leader: "组长"
    case .member: "组员"
    case .expert: "专家"
    }
  }
}

/// 无法检查的原因 of a visit.
package enum ImpossibleReason: String, ListedCode {
  case closed = "CLOSED"
  case notFound = "NOT_FOUND"
  case refused = "REFUSED"
  case deregistered = "DEREG"
  case disaster = "DISASTER"

  package var title: String {
    switch self {
    case .closed: "关闭"
    case .notFound: "无法联系"
    case .refused: "拒绝"
    case .deregistered: "注销"
    case .disaster: "受灾"
    }
  }
}

/// 后续监管的种类. Source: domain.md §2.5a.
package enum FollowUpKind: String, ListedCode {
  case correct = "CORRECT"
  case listing = "LISTING"
  case serious = "SERIOUS"
  case caseFiling = "CASE"
  case justice = "JUSTICE"
  case notifyDepartment = "NOTIFY_DEPT"
  case registration = "REGISTRATION"

  package var title: String {
    switch self {
    case .correct: "责令改正复核"
    case .listing: "列入经营异常"
    case .serious: "列入严重违法失信"
    case .caseFiling: "立案"
    case .justice: "移送司法"
    case .notifyDepartment: "抄告其他部门"
    case .registration: "登记处置"
    }
  }
}

/// How a follow-up ended. The first five are states of FOLLOWUP (domain.md §2.6); the others are what
/// people write instead and the rules judge.
package enum FollowUpOutcome: String, ListedCode {
  case listed = "LISTED"
  case caseFiled = "CASE_FILED"
  case transferred = "TRANSFERRED"
  case correctionVerified = "CORRECTED_VERIFIED"
  case noGround = "NO_GROUND"
  case guidance = "GUIDANCE"

  package var title: String {
    switch self {
    case .listed: "已列入"
    case .caseFiled: "已立案"
    case .transferred: "已移送"
    case .correctionVerified: "责令改正已复核"
    case .noGround: "不符合列入情形"
    case .guidance: "行政指导"
    }
  }
}

/// 列入种类. Source: domain.md §2.5a.
package enum ListKind: String, ListedCode {
  case abnormalList = "ABNORMAL_LIST"
  case abnormalMark = "ABNORMAL_MARK"
  case serious = "SERIOUS"

  package var title: String {
    switch self {
    case .abnormalList: "经营异常名录"
    case .abnormalMark: "经营异常状态"
    case .serious: "严重违法失信名单"
    }
  }
}

/// 线索来源. Source.
package enum LeadSource: String, ListedCode {
  case complaint = "COMPLAINT"
  case report = "REPORT"
  case transfer = "TRANSFER"
  case assigned = "ASSIGNED"
  case monitoring = "MONITORING"
  case other = "OTHER"

  package var title: String {
    switch self {
    case .complaint: "投诉"
    case .report: "举报"
    case .transfer: "转办"
    case .assigned: "交办"
    case .monitoring: "数据监测"
    case .other: "其他"
    }
  }
}
