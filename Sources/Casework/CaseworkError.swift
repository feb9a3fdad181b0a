package import Inspection
package import Store

/// What the use cases cannot go on with. What is wrong with single lines of a file is no error but a
/// `LineProblem` of the report.
package enum CaseworkError: Error, Equatable, Sendable {
  /// The table of divisions in the program is damaged; line counts from 1.
  case divisionsUnreadable(line: Int, reason: String)
  /// A file is larger than `RosterLimits.fileBytes`.
  case fileTooLarge(bytes: Int, limit: Int)
  /// A file has no header line, or one that lacks a needed column or names one twice: their English
  /// names. All columns are missing in a file without a header.
  case headerUnusable(missing: [String], repeated: [String])
  /// The platform cannot convert an encoding (glibc without its gconv modules).
  case encodingUnavailable(name: String)
  /// A table of reference data in the program is damaged.
  case referenceTable(ReferenceTableError)
  /// A line of a table that somebody gave is not of its form.
  case tableRefused(ReferenceTableError)
  /// The rules of the notice forbid it: all that is wrong, each with clause and row; nothing was written.
  case refused([RuleBreach])
  /// A row that is to be made is there already; its table and key.
  case exists(table: String, key: String)
  /// A row that is needed is not here; its table and key.
  case missing(table: String, key: String)
  /// The cut of a report is none, or was made under other rules; the reason.
  case cutUnusable(String)
  /// The replica cannot go on.
  case store(StoreError)
}
