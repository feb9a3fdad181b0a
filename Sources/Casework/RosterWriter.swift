package import Causality
package import Changes

/// Writes the rows of a roster as a file that `RosterReader` reads back without a change. The contract
/// is described at `RosterCSV`.
///
/// SwiftCSV writes only what it has parsed, so quoting, four lines of RFC 4180, is here.
package struct RosterWriter {
  /// How a file is written.
  package struct Style: Hashable, Sendable {
    package var encoding: FileEncoding
    /// Chinese headers and words, or English headers and codes.
    package var isChinese: Bool

    package init(encoding: FileEncoding = .utf8, isChinese: Bool = true) {
      (self.encoding, self.isChinese) = (encoding, isChinese)
    }
  }

  package let table: RosterTable
  package let style: Style
  private let converter: TextConverter?
  private var text = ""
  private var isAtStart = true

  /// Throws `encodingUnavailable`.
  package init(_ table: RosterTable, style: Style = Style()) throws(CaseworkError) {
    self.table = table
    self.style = style
    converter = style.encoding == .utf8 ? nil : try TextConverter(from: .utf8, to: .gb18030)
    append(
      [style.isChinese ? RosterCSV.divisionHeaders[1] : RosterCSV.divisionHeaders[0]]
        + [style.isChinese ? table.keyHeaders[1] : table.keyHeaders[0]]
        + table.fields.map { style.isChinese ? $0.title : $0.name })
  }

  /// Appends one row: its key, and its values in the order of the table's fields.
  package mutating func append(scope: Scope, key: [Value], values: [Value]) {
    precondition(values.count == table.fields.count, "a row has a value for each field")
    append(
      ["\(scope)", key.map(\.description).joined(separator: "/")]
        + zip(table.fields, values).map { field, value in
          field.form.text(of: value, isChinese: style.isChinese)
        })
  }

  /// The bytes written since the last call, so that a large file need not be held in memory. Texts
  /// that are no UTF-8 in the database have replacement characters.
  package mutating func takeBytes() -> [UInt8] {
    defer { (text, isAtStart) = ("", false) }
    guard let converter else {
      return (isAtStart ? FileEncoding.utf8.byteOrderMark : []) + Array(text.utf8)
    }
    guard let bytes = converter.convert(text.utf8) else {
      preconditionFailure("GB18030 encodes all of Unicode")
    }
    return bytes
  }

  private mutating func append(_ fields: [String]) {
    for (position, field) in fields.enumerated() {
      if position > 0 { text += "," }
      let safe = RosterCSV.isFormula(field) ? "'" + field : field
      let isPlain = safe.utf8.allSatisfy { ![0x22, 0x2C, 0x0A, 0x0D].contains($0) }
      if isPlain {
        text += safe
      } else {
        text += "\""
        for scalar in safe.unicodeScalars {
          if scalar == "\"" { text.unicodeScalars.append(scalar) }
          text.unicodeScalars.append(scalar)
        }
        text += "\""
      }
    }
    text += "\r\n"
  }
}
