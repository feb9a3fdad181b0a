/// What an indicator counted, before it is divided: figures of units add up to those of groups, percentages
/// are never averaged. Source: domain.md §5.1.
package enum Figure: Hashable, Sendable {
  /// Part and whole.
  case ratio(Int, of: Int)
  /// A number that is good when it is 0.
  case count(Int)
  /// How often each value occurred; the median is what people see.
  case values([Int: Int])
  /// The worst of several ages, in milliseconds.
  case worst(Int64)

  /// The sum of two figures of one indicator; traps for figures of different forms.
  package func adding(_ other: Figure) -> Figure {
    switch (self, other) {
    case (.ratio(let left, let leftWhole), .ratio(let right, let rightWhole)):
      return .ratio(left + right, of: leftWhole + rightWhole)
    case (.count(let left), .count(let right)): return .count(left + right)
    case (.values(let left), .values(let right)):
      return .values(left.merging(right) { $0 + $1 })
    case (.worst(let left), .worst(let right)): return .worst(max(left, right))
    default: preconditionFailure("one indicator has figures of one form")
    }
  }

  package var numerator: Int64 {
    switch self {
    case .ratio(let part, _): Int64(part)
    case .count(let count): Int64(count)
    case .values: Int64(median ?? 0)
    case .worst(let age): age
    }
  }

  /// The whole of a ratio, the number of values of a median; 1 for a count or an age.
  package var denominator: Int64 {
    switch self {
    case .ratio(_, let whole): Int64(whole)
    case .values(let values): Int64(values.values.reduce(0, +))
    case .count, .worst: 1
    }
  }

  /// The lower median; nil without values.
  package var median: Int? {
    guard case .values(let values) = self else { return nil }
    let count = values.values.reduce(0, +)
    var passed = 0
    for value in values.keys.sorted() {
      passed += values[value] ?? 0
      if passed * 2 >= count, count > 0 { return value }
    }
    return nil
  }

  /// Whether there is nothing to divide by; such a figure is shown as `—`, never as 0 %.
  package var isEmpty: Bool { denominator == 0 }

  /// The value in ten-thousandths of a ratio, rounded half up; nil when empty or no ratio.
  package var basisPoints: Int64? {
    guard case .ratio(let part, let whole) = self, whole > 0 else { return nil }
    return (Int64(part) * 20_000 + Int64(whole)) / (Int64(whole) * 2)
  }
}

/// The indicators of 考核督查. Source: domain.md §5.2.
package enum Indicator: String, ListedCode {
  case k01 = "K01"
  case k02 = "K02"
  case k04 = "K04"
  case k04Median = "K04b"
  case k04Exempt = "K04c"
  case k05 = "K05"
  case k05Tasks = "K05b"
  case k05Plan = "K05c"
  case k06After30 = "K06"
  case k06After90 = "K06b"
  case k07 = "K07"
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
  case k20 = "K20"
  case k22 = "K22"
  case k23 = "K23"
  case k26 = "K26"
  case k27 = "K27"

  package var title: String {
    switch self {
    case .k01: "年度计划按时备案率"
    case .k02: "联合计划按时备案率"
    case .k04: "结果按时公示率"
    case .k04Median: "公示用时中位数（工作日）"
    case .k04Exempt: "不公开占比"
    case .k05: "检查完成率"
    case .k05Tasks: "任务完成率"
    case .k05Plan: "计划完成率"
    case .k06After30: "后续监管完结率（满30日）"
    case .k06After90: "后续监管完结率（满90日）"
    case .k07: "应列尽列率"
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
    case .k20: "链条完整率"
    case .k22: "抽取后变更（每百户）"
    case .k23: "超频次对象数"
    case .k26: "数据最长未更新时间（毫秒）"
    case .k27: "同步异常数"
    }
  }

  /// Ratios that are a number per case and no share.
  package var isPerCase: Bool { self == .k09 }

  /// A share of what everybody owes: a unit that never reported still owes it.
  package var isOwedByAll: Bool { self == .k01 || self == .k02 }
}
