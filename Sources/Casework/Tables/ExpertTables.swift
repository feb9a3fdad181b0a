internal import Changes
internal import Inspection

/// 专家库: who helps inspectors with knowledge of a special field. Experts are in no pool that teams are drawn
/// from; they go along, and sign nothing.
package enum ExpertTables {
  /// 聘书号.
  package static let appointmentNumber = RosterField.text(
    5, "appointment_number", "聘书号", .latest, bytes: 60)

  /// Key: the expert's code in the unit that keeps the library. Latest, as inspectors' plain facts.
  package static let experts = CaseTable(
    1_163, "experts", "专家", key: [.text("expert_code")],
    [
      .text(1, "name", "姓名", .latest, bytes: 150),
      .text(2, "organisation", "单位", .latest),
      .text(3, "line", "业务条线", .latest),
      .text(4, "specialty", "业务专长", .latest),
      appointmentNumber,
      .date(6, "appointed_to", "聘期至", group: 5, .latest),
      .text(7, "phone", "联系电话", .latest, bytes: 60),
    ])

  package static let all = [experts]
}
