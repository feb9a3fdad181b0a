/// The indicators of 考核督查. Source: domain.md §5.2.
package enum Indicator: String, ListedCode {
  case k01 = "K01"
  case k02 = "K02"
  case k03 = "K03"
  case k04 = "K04"
  case k04Median = "K04b"
  case k04Exempt = "K04c"
  case k05 = "K05"
  case k05Tasks = "K05b"
  case k05Plan = "K05c"
  case k06After30 = "K06"
  case k06After90 = "K06b"
  case k07 = "K07"
  case k08 = "K08"
  case k08Visits = "K08b"
  case k09 = "K09"
  case k09Shared = "K09b"
  case k09Repeated = "K09c"
  case k10 = "K10"
  case k10Neighbour = "K10b"
  case k10Direct = "K10c"
  case k10Violations = "K10d"
  case k11 = "K11"
  case k13 = "K13"
  case k14 = "K14"
  case k16 = "K16"
  case k18 = "K18"
  case k18Mismatch = "K18b"
  case k18Void = "K18c"
  case k18Abort = "K18d"
  case k19 = "K19"
  case k20 = "K20"
  case k22 = "K22"
  case k23 = "K23"
  case k26 = "K26"
  case k26Change = "K26b"
  case k26Unacknowledged = "K26c"
  case k26Queued = "K26d"
  case k27 = "K27"
  case k27Refused = "K27b"
  case k27Proposals = "K27c"
  case k27Reviews = "K27d"
  case k27Oldest = "K27e"

  package var title: String {
    switch self {
    case .k01: "年度计划按时备案率"
    case .k02: "联合计划按时备案率"
    case .k03: "条线要求覆盖率"
    case .k04: "结果按时公示率"
    case .k04Median: "公示用时中位数（工作日）"
    case .k04Exempt: "不公开占比"
    case .k05: "检查完成率"
    case .k05Tasks: "任务完成率"
    case .k05Plan: "计划完成率"
    case .k06After30: "后续监管完结率（满30日）"
    case .k06After90: "后续监管完结率（满90日）"
    case .k07: "应列尽列率"
    case .k08: "联合任务占比"
    case .k08Visits: "联合检查占比"
    case .k09: "每次检查事项数"
    case .k09Shared: "多事项检查占比"
    case .k09Repeated: "重复入企率"
    case .k10: "随机匹配率"
    case .k10Neighbour: "邻区匹配占比"
    case .k10Direct: "直接委派占比"
    case .k10Violations: "无短缺记录的直接委派"
    case .k11: "检查对象覆盖率"
    case .k13: "问题发现率"
    case .k14: "检查对象名录完整率"
    case .k16: "检查人员名录有效率"
    case .k18: "抽取核验一致率"
    case .k18Mismatch: "抽取核验不一致数"
    case .k18Void: "抽取作废数"
    case .k18Abort: "确认后未抽取数（中止）"
    case .k19: "抽取证明按时公布率"
    case .k20: "链条完整率"
    case .k22: "抽取后变更（每百户）"
    case .k23: "超频次对象数"
    case .k26: "最长未联系时间（毫秒）"
    case .k26Change: "最新变更距今（毫秒）"
    case .k26Unacknowledged: "最早未确认变更距今（毫秒）"
    case .k26Queued: "待传字节数"
    case .k27: "同步异常数"
    case .k27Refused: "被拒或无效变更数"
    case .k27Proposals: "待定建议数"
    case .k27Reviews: "待复核冲突数"
    case .k27Oldest: "最早待办冲突距今（毫秒）"
    }
  }

  /// Ratios that are a number per case and no share.
  package var isPerCase: Bool { self == .k09 }

  /// A share of what everybody owes: a unit that never reported still owes it.
  package var isOwedByAll: Bool { [.k01, .k02, .k03].contains(self) }

  /// Of the unit, its roster or its link, and of no single task.
  package var isOfWholeUnit: Bool {
    switch self {
    case .k01, .k02, .k03, .k14, .k16, .k26, .k26Change, .k26Unacknowledged,
      .k26Queued, .k27, .k27Refused, .k27Proposals, .k27Reviews, .k27Oldest:
      true
    default: false
    }
  }

  /// Whether more is better; nil for what nobody is ranked by: K13, whose small numbers say nothing of a unit
  /// (domain.md §5.3), and what has no direction.
  package var isGoodWhenHigh: Bool? {
    switch self {
    case .k01, .k02, .k03, .k04, .k05, .k05Tasks, .k05Plan, .k06After30, .k06After90, .k07, .k08,
      .k08Visits, .k09, .k09Shared, .k10, .k11, .k14, .k16, .k18, .k19, .k20:
      true
    case .k04Median, .k04Exempt, .k09Repeated, .k10Neighbour, .k10Direct, .k10Violations,
      .k18Mismatch, .k18Void, .k18Abort, .k22, .k23, .k26, .k26Change, .k26Unacknowledged,
      .k26Queued, .k27, .k27Refused, .k27Oldest:
      false
    case .k13, .k27Proposals, .k27Reviews: nil
    }
  }
}
