/// Cuts a file into records by the quotes, so that one broken record costs only its own lines.
///
/// SwiftCSV reads a whole text, stops at the first wrong quote, reports no line, fills up short rows and
/// takes an unclosed quote to the end of the file. So the bounds of records are found here, on bytes, in
/// one pass; what stands between quotes is left to SwiftCSV, record by record (`RosterReader`). Cutting
/// bytes is safe in both encodings: no second byte of GB18030 is a quote, a comma or a line end.
struct CSVRecordSplitter {
  /// One record, or lines that are none.
  enum Piece: Equatable {
    /// The bytes without the line end; `isQuoted` when there is a quote among them.
    case record(line: Int, Range<Int>, isQuoted: Bool)
    case broken(line: Int, LineFault)
  }

  private let bytes: [UInt8]
  private var position: Int
  private var line = 1

  init(_ bytes: [UInt8], from start: Int) {
    (self.bytes, position) = (bytes, start)
  }

  /// The next record; nil at the end. Lines without a character are passed over.
  mutating func next() -> Piece? {
    while position < bytes.count {
      let (start, startLine) = (position, line)
      switch scan() {
      case .success(let end):
        if end == start { continue }
        let isQuoted = bytes[start..<end].contains(0x22)
        return .record(line: startLine, start..<end, isQuoted: isQuoted)
      case .failure(let broken):
        // Read on after the first line of the broken record, whatever it had swallowed.
        (position, line) = (start, startLine)
        skipLine()
        return .broken(line: startLine, broken.fault)
      }
    }
    return nil
  }

  private struct Broken: Error {
    let fault: LineFault
  }

  /// Moves behind one record and its line end; returns where the record ends.
  private mutating func scan() -> Result<Int, Broken> {
    let start = position
    var isAtFieldStart = true
    while position < bytes.count {
      guard position - start <= RosterLimits.recordBytes else {
        return .failure(Broken(fault: .tooLong))
      }
      switch bytes[position] {
      case 0x0A, 0x0D:
        let end = position
        skipLineEnd()
        return .success(end)
      case 0x2C:
        isAtFieldStart = true
        position += 1
      case 0x22:
        guard isAtFieldStart else { return .failure(Broken(fault: .strayQuote)) }
        if let fault = skipQuoted(start) { return .failure(Broken(fault: fault)) }
        isAtFieldStart = false
      default:
        isAtFieldStart = false
        position += 1
      }
    }
    return .success(position)
  }

  /// Moves behind a quoted field; returns what is wrong with it.
  private mutating func skipQuoted(_ start: Int) -> LineFault? {
    position += 1
    while position < bytes.count, position - start <= RosterLimits.recordBytes {
      switch bytes[position] {
      case 0x22:
        position += 1
        guard position < bytes.count else { return nil }
        switch bytes[position] {
        case 0x22: position += 1
        case 0x2C, 0x0A, 0x0D: return nil
        default: return .strayQuote
        }
      case 0x0A, 0x0D: skipLineEnd()
      default: position += 1
      }
    }
    return .quoteNotClosed
  }

  /// Moves behind LF, CRLF or CR.
  private mutating func skipLineEnd() {
    let isReturn = bytes[position] == 0x0D
    position += 1
    if isReturn, position < bytes.count, bytes[position] == 0x0A { position += 1 }
    line += 1
  }

  private mutating func skipLine() {
    while position < bytes.count, bytes[position] != 0x0A, bytes[position] != 0x0D {
      position += 1
    }
    if position < bytes.count { skipLineEnd() }
  }
}
