/// What the use cases cannot go on with. What is wrong with single lines of a file is no error but a
/// `LineProblem` of the report.
package enum CaseworkError: Error, Hashable, Sendable {
  /// The table of divisions in the program is damaged; line counts from 1.
  case divisionsUnreadable(line: Int, reason: String)
  /// A file is larger than `RosterLimits.fileBytes`.
  case fileTooLarge(bytes: Int, limit: Int)
  /// A file has no header line, or one that lacks a needed column or names one twice: their English
  /// names. All columns are missing in a file without a header.
  case headerUnusable(missing: [String], repeated: [String])
  /// The platform cannot convert an encoding (glibc without its gconv modules).
  case encodingUnavailable(name: String)
}
