package import Inspection

/// The reference data that the program carries, so that a province can begin without a link to anything.
///
/// Source: domain.md §3.7, §3.8. The item list is test data after published lists, not the official list:
/// the province issues its own as rows. Editions grow when a table in the program changes.
package enum ReferenceData {
  /// The edition of the calendar: the announcements for 2025 and 2026.
  package static let calendarVersion: UInt32 = 1
  /// The version of the item list, `yyyymmddnn`.
  package static let itemListVersion: UInt64 = 2_026_010_101

  /// The working days announced so far. Throws `referenceTable` when the table in the program is damaged.
  package static func calendar() throws(CaseworkError) -> WorkingCalendar {
    do {
      return try WorkingCalendar(
        version: calendarVersion, table: PackageResources.holidays_csv)
    } catch {
      throw .referenceTable(error)
    }
  }

  /// The 100 items of the program, issued by the province for 2026. Throws as `calendar`.
  package static func itemList() throws(CaseworkError) -> ItemList {
    guard let province = UnitCode("530000"), let first = CivilDate(year: 2026, month: 1, day: 1)
    else { preconditionFailure("the province and the first day of 2026 are constants") }
    do {
      return try ItemList(
        version: itemListVersion, year: 2026, issuer: province, effectiveFrom: first,
        table: PackageResources.inspection_items_csv)
    } catch {
      throw .referenceTable(error)
    }
  }
}
