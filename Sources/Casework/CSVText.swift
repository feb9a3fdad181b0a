/// Lines of CSV as RFC 4180 has them: CRLF, quotes where they are needed. A field that a spreadsheet would take
/// for a formula gets an apostrophe in front.
package enum CSVText {
  /// One line with its end.
  package static func line(_ fields: [String]) -> String {
    fields.map(quoted).joined(separator: ",") + "\r\n"
  }

  private static func quoted(_ field: String) -> String {
    let safe = RosterCSV.isFormula(field) ? "'" + field : field
    guard safe.utf8.contains(where: { [0x22, 0x2C, 0x0A, 0x0D].contains($0) }) else {
      return safe
    }
    let doubled = safe.split(separator: "\"", omittingEmptySubsequences: false)
    return "\"" + doubled.joined(separator: "\"\"") + "\""
  }
}
