/// Reads the tables of reference data that the program carries: a header line, then plain fields between
/// commas, UTF-8 without quotes, LF or CRLF.
struct ReferenceLines {
  /// One line: its number from 1 and its fields.
  struct Line {
    let number: Int
    let fields: [String]
  }

  private let table: String
  private let bytes: [UInt8]
  private var position = 0
  private var number = 0

  init(_ table: String, _ bytes: [UInt8]) { (self.table, self.bytes) = (table, bytes) }

  /// The next line that is not empty, the header passed over; nil at the end. Throws for a line that is not
  /// UTF-8.
  mutating func next() throws(ReferenceTableError) -> Line? {
    while position < bytes.count {
      let end = bytes[position...].firstIndex(of: 0x0A) ?? bytes.count
      let line = bytes[position..<end]
      position = end + 1
      number += 1
      let content = line.last == 0x0D ? line.dropLast() : line
      if number == 1 || content.isEmpty { continue }
      guard let text = String(validating: content, as: UTF8.self) else {
        throw failure("not UTF-8")
      }
      let fields = text.split(separator: ",", omittingEmptySubsequences: false)
      return Line(number: number, fields: fields.map(String.init))
    }
    return nil
  }

  /// An error at the line read last.
  func failure(_ reason: String) -> ReferenceTableError {
    ReferenceTableError(table: table, line: number, reason: reason)
  }
}
