package import Changes

/// The code lists of the rosters. Source: domain.md §2.2, §2.3, §3.5.
package enum RosterCodes {
  /// 主体类型.
  package static let kinds = [
    Code("ENT", "企业", aliases: ["企业法人", "内资企业", "外资企业", "1"]),
    Code("BRANCH", "分支机构", aliases: ["分公司"]),
    Code("IND", "个体工商户", aliases: ["个体户", "个体", "3"]),
    Code("COOP", "农民专业合作社", aliases: ["农专社", "合作社", "2"]),
    Code("REP", "外国企业常驻代表机构", aliases: ["外企代表机构", "4"]),
    Code("OTHER", "其他"),
  ]
  /// 登记状态.
  package static let registrationStates = [
    Code("ACTIVE", "存续", aliases: ["在业", "在营", "开业", "在册", "正常"]),
    Code("CANCELLED", "注销", aliases: ["已注销"]),
    Code("REVOKED", "吊销", aliases: ["吊销未注销", "吊销，未注销", "已吊销"]),
    Code("RESCINDED", "撤销"),
    Code("MOVED_OUT", "迁出"),
    Code("SUSPENDED", "歇业"),
    Code("LIQUIDATING", "清算"),
  ]
  /// 信用风险分类, 国市监信发〔2022〕6号; N: not classed (individuals, cooperatives, new ones).
  package static let creditClasses = [
    Code("A", "信用风险低"), Code("B", "信用风险一般"), Code("C", "信用风险较高"),
    Code("D", "信用风险高"), Code("N", "未分类"),
  ]
  /// 专业风险等级 of a line.
  package static let lineRisks = [
    Code("A", "一级"), Code("B", "二级"), Code("C", "三级"), Code("D", "四级"),
  ]
  /// 性别.
  package static let sexes = [Code("M", "男"), Code("F", "女")]
  /// 在岗状态.
  package static let inspectorStatuses = [
    Code("ON_DUTY", "在岗"), Code("LEAVE", "请假"), Code("SECONDED", "借调"),
    Code("SUSPENDED", "停职"), Code("LEFT", "离岗"), Code("RETIRED", "退休"),
  ]
  /// 不纳入抽取的理由.
  package static let exclusionReasons = [
    Code("E_FREQ", "检查频次已满"), Code("E_DEREG", "已注销"), Code("E_MOVED", "已迁出"),
    Code("E_LEGAL_BAN", "法律禁止"), Code("E_CASE_OPEN", "案件调查中"), Code("E_DISASTER", "受灾"),
  ]

  /// The state machine of an inspector's status: the four present states change freely, LEFT ends them
  /// and RETIRED ends LEFT, so that of two concurrent writes LEFT beats LEAVE, and LEAVE beside SECONDED
  /// waits for a person.
  package static let inspectorStatusRanks: [RankState] = {
    let present = ["ON_DUTY", "LEAVE", "SECONDED", "SUSPENDED"]
    let ended = ["LEFT", "RETIRED"]
    func states(_ codes: [String]) -> [Value] { codes.map { .text($0) } }
    return present.map { code in
      RankState(.text(code), next: states(present.filter { $0 != code } + ended))
    } + [
      RankState(.text("LEFT"), next: states(["RETIRED"])), RankState(.text("RETIRED"), next: []),
    ]
  }()
}
