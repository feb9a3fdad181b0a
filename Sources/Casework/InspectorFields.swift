import Changes

/// The columns of `inspectors` (检查人员名录库, domain.md §2.3), field by field. The unit that the
/// inspector belongs to writes them; the scope is the unit's division, of any tier.
package enum InspectorFields {
  /// 姓名; personal data. Latest among the unit's terminals.
  package static let name = RosterField(
    1, "name", "姓名", .text(maximumBytes: 150), .latest)
  /// 性别. Latest.
  package static let sex = RosterField(2, "sex", "性别", .code(RosterCodes.sexes), .latest)
  /// 身份证号散列: a salted hash, 32 bytes. The plain number stays in the unit and is in no table.
  package static let identityHash = RosterField(
    3, "identity_hash", "身份证号散列", .hash, .latest)
  /// 单位: name or unit code. Owned by the scope; a transfer is a hand-over, not an edit from above.
  package static let unit = RosterField(
    4, "unit", "单位", aliases: ["所属单位", "工作单位"], .text(maximumBytes: 300), .owner(.scope))
  /// 站所. Latest.
  package static let station = RosterField(
    5, "station", "站所", aliases: ["所属站所"], .text(maximumBytes: 120), .latest)
  /// 执法证号. One register with issuer and date; owned by the unit, a correction from above is a
  /// proposal.
  package static let certificateNumber = RosterField(
    6, "certificate_number", "执法证号", aliases: ["执法证件号"], .text(maximumBytes: 60),
    .owner(.scope))
  /// 发证机关.
  package static let certificateIssuer = RosterField(
    7, "certificate_issuer", "发证机关", .text(maximumBytes: 300), group: 6, .owner(.scope))
  /// 执法证有效期: the last day on which the certificate is valid.
  package static let certificateValidTo = RosterField(
    8, "certificate_valid_to", "执法证有效期", aliases: ["有效期至"], .date, group: 6,
    .owner(.scope))
  /// 在岗状态. A state machine: LEFT wins over LEAVE, RETIRED over LEFT; else a person decides.
  package static let status = RosterField(
    9, "status", "在岗状态", aliases: ["状态"], .code(RosterCodes.inspectorStatuses),
    .rank(RosterCodes.inspectorStatusRanks))
  /// 月工作量上限, visits. Latest.
  package static let maximumVisitsPerMonth = RosterField(
    10, "maximum_visits_per_month", "月工作量上限", .integer(0...1_000), .latest)
  /// 联系电话; personal data. Latest.
  package static let phone = RosterField(
    11, "phone", "联系电话", aliases: ["电话"], .text(maximumBytes: 60), .latest)

  /// Ascending by id, which is also the order of columns in exported files.
  package static let all = [
    name, sex, identityHash, unit, station, certificateNumber, certificateIssuer,
    certificateValidTo, status, maximumVisitsPerMonth, phone,
  ]
}
