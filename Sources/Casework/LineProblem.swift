/// What is wrong with one line of a roster file. The rest of the file goes in.
package struct LineProblem: Hashable, Sendable {
  /// The physical line on which the record starts; the header is line 1.
  package let line: Int
  /// The English name of the column, when one is to blame.
  package let column: String?
  package let fault: LineFault

  package init(line: Int, column: String? = nil, _ fault: LineFault) {
    (self.line, self.column, self.fault) = (line, column, fault)
  }

  /// Whether the record goes in nevertheless.
  package var isWarning: Bool {
    switch fault {
    case .checkCharacter, .olderCreditMonth, .deletedElsewhere: true
    case .notInList(let text): fault.isUnknownCode(text)
    default: false
    }
  }
}

/// Why a line, a field or a row of a roster file was not taken, or what a person should look at.
package enum LineFault: Hashable, Sendable {
  // The line.
  /// A quote is opened and not closed within `RosterLimits.recordBytes`; the next line is read afresh.
  case quoteNotClosed
  /// A quote within a field that is not quoted, or text between a closing quote and the comma.
  case strayQuote
  /// Longer than `RosterLimits.recordBytes`.
  case tooLong
  /// A zero byte.
  case zeroByte
  /// Bytes that are no text in the encoding of the file.
  case notText
  /// Another number of fields than the header.
  case columnCount(found: Int, expected: Int)

  // A field.
  /// No date, month or whole number in its range.
  case unreadable(String)
  /// More bytes than the field takes.
  case fieldTooLong(bytes: Int, limit: Int)

  // The row.
  /// No key in the line.
  case keyMissing
  /// The key of a company is neither 18 characters of the alphabet nor 15 digits.
  case keyMalformed(String)
  /// No division in the line and none given for the file, or one that is unknown or ambiguous.
  case divisionUnknown(String)
  /// The importing node may not write there.
  case divisionNotWritable(String)
  /// The same key and division as an earlier line, which stands.
  case duplicate(firstLine: Int)

  // Warnings: the row goes in.
  /// Neither a code nor a word of the list as this program knows it: kept and shown as it is (S-09).
  case notInList(String)
  /// A check character of the credit code or registration number does not fit.
  case checkCharacter(String)
  /// The credit class is of an earlier month than the row's, and left out.
  case olderCreditMonth
  /// The row was deleted; it is inserted again only when asked.
  case deletedElsewhere
}

extension LineFault {
  /// Bytes of a code that no list of this program has.
  private static let unknownCodeBytes = 64

  /// Whether it is a code of a list that a later program may know, and no stray text.
  func isUnknownCode(_ text: String) -> Bool {
    guard case .notInList = self else { return false }
    return text.utf8.count <= Self.unknownCodeBytes
  }
}
