package import Causality
import Changes

/// The columns of `companies` (检查对象名录库, domain.md §2.2), field by field.
///
/// The registration feed of the province owns what the registers say: a county may import rows before
/// the feed has them, or type a correction; its text of such a field is a proposal, shown only while
/// the province has not written that field. What only the county knows (contact, phone, actual address,
/// station) is the county's.
package enum CompanyFields {
  /// The tier of the registration feed: the top one.
  package static let feedTier = Tier(depth: 0)
  private static let feed = Policy.owner(.tier(feedTier))

  /// 主体类型: enterprise, branch, individual business, cooperative, foreign office. Feed.
  package static let kind = RosterField(
    1, "kind", "主体类型", aliases: ["市场主体类型", "经营主体类型"], .code(RosterCodes.kinds), feed)
  /// 名称. Feed; a county's other text is the proposal 名称更正建议 (C-01).
  package static let name = RosterField(
    2, "name", "名称", aliases: ["企业名称", "主体名称", "字号名称", "company"],
    .text(maximumBytes: 600), feed)
  /// 注册号 of rows whose key is a credit code: the older 15-digit number. Feed.
  package static let registrationNumber = RosterField(
    3, "registration_number", "注册号", aliases: ["reg_no"], .text(maximumBytes: 30), feed)
  /// 登记状态. Feed.
  package static let registrationState = RosterField(
    4, "registration_state", "登记状态", aliases: ["经营状态", "status"],
    .code(RosterCodes.registrationStates), feed)
  /// 登记机关: name or unit code. Feed.
  package static let registrationOffice = RosterField(
    5, "registration_office", "登记机关", aliases: ["reg_org"], .text(maximumBytes: 300), feed)
  /// 法定代表人, 负责人 or 经营者; personal data. Feed.
  package static let legalRepresentative = RosterField(
    6, "legal_representative", "法定代表人", aliases: ["负责人", "经营者", "legal_rep"],
    .text(maximumBytes: 300), feed)
  /// 住所 or 经营场所 as registered. Feed.
  package static let registeredAddress = RosterField(
    7, "registered_address", "住所", aliases: ["经营场所", "注册地址", "reg_address", "address"],
    .text(maximumBytes: 1_000), feed)
  /// 行业, a code of GB/T 4754: one letter, or letter and up to four digits. Feed.
  package static let industry = RosterField(
    8, "industry", "行业代码", aliases: ["行业"], .text(maximumBytes: 30), feed)
  /// 注册资本, whole yuan. Feed.
  package static let registeredCapital = RosterField(
    9, "registered_capital", "注册资本（元）", aliases: ["注册资本(元)", "注册资本", "capital"],
    .integer(0...100_000_000_000_000), feed)
  /// 成立日期. Feed.
  package static let establishedOn = RosterField(
    10, "established_on", "成立日期", aliases: ["注册日期"], .date, feed)
  /// 信用风险分类, of the month beside it: one register with `credit_month`. Monthly batch of the
  /// province.
  package static let creditClass = RosterField(
    11, "credit_class", "信用风险分类", aliases: ["信用等级", "credit"],
    .code(RosterCodes.creditClasses), feed)
  /// 分类月份. The class and its month are never mixed from two batches.
  package static let creditMonth = RosterField(
    12, "credit_month", "分类月份", .month, group: 11, feed)
  /// 联系人; personal data. Latest among the county's terminals (C-03).
  package static let contact = RosterField(
    13, "contact", "联系人", .text(maximumBytes: 300), .latest)
  /// 联系电话; personal data. Latest (C-03).
  package static let phone = RosterField(
    14, "phone", "联系电话", aliases: ["电话", "联系方式"], .text(maximumBytes: 60), .latest)
  /// 实际经营地址. The county of jurisdiction owns it; another tier's is a proposal (C-02).
  package static let actualAddress = RosterField(
    15, "actual_address", "实际经营地址", .text(maximumBytes: 1_000), .owner(.scope))
  /// 管辖所: code or name of the station in charge. Latest.
  package static let station = RosterField(
    16, "station", "管辖所", aliases: ["监管所"], .text(maximumBytes: 120), .latest)
  /// 食品风险等级. Graded by the line at the tier that grades, hence no fixed owner: latest.
  package static let foodRisk = RosterField(
    17, "food_risk", "食品风险等级", .code(RosterCodes.lineRisks), .latest)
  /// 药品风险等级, as `food_risk`.
  package static let drugRisk = RosterField(
    18, "drug_risk", "药品风险等级", .code(RosterCodes.lineRisks), .latest)
  /// 特种设备风险等级, as `food_risk`.
  package static let equipmentRisk = RosterField(
    19, "equipment_risk", "特种设备风险等级", .code(RosterCodes.lineRisks), .latest)
  /// 产品质量风险等级, as `food_risk`.
  package static let productRisk = RosterField(
    20, "product_risk", "产品质量风险等级", .code(RosterCodes.lineRisks), .latest)
  /// 上次检查日期, from results: the latest date, whoever writes it.
  package static let lastCheckedOn = RosterField(
    21, "last_checked_on", "上次检查日期", .date, .max)

  /// Ascending by id, which is also the order of columns in exported files.
  package static let all = [
    kind, name, registrationNumber, registrationState, registrationOffice, legalRepresentative,
    registeredAddress, industry, registeredCapital, establishedOn, creditClass, creditMonth,
    contact,
    phone, actualAddress, station, foodRisk, drugRisk, equipmentRisk, productRisk, lastCheckedOn,
  ]
}
