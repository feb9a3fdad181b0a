import Causality
import Changes
import Inspection
import SwiftCSV

/// Reads the records of a roster file one after the other; bad lines go to `problems`.
///
/// The contract of files is described at `RosterCSV`. Not Sendable: it holds a converter of the C
/// library.
package struct RosterReader {
  package let table: RosterTable
  package let encoding: FileEncoding
  /// Headers that name no column of the table.
  package let ignoredColumns: [String]
  /// What was wrong so far.
  package private(set) var problems = ProblemList()

  private let bytes: [UInt8]
  private let divisions: DivisionTree
  private let options: RosterCSV.Options
  private let converter: TextConverter?
  private var splitter: CSVRecordSplitter
  private let columns: [Column]
  private var divisionNames: [String: Scope?] = [:]

  /// What a column of the file is.
  private enum Column: Equatable {
    case key
    case division
    case field(RosterField)
    case ignored
  }

  /// Reads the header. Throws `fileTooLarge`, `headerUnusable` or `encodingUnavailable`.
  package init(
    _ bytes: [UInt8], table: RosterTable, divisions: DivisionTree,
    options: RosterCSV.Options = RosterCSV.Options()
  ) throws(CaseworkError) {
    guard bytes.count <= RosterLimits.fileBytes else {
      throw .fileTooLarge(bytes: bytes.count, limit: RosterLimits.fileBytes)
    }
    let encoding = options.encoding ?? FileEncoding.detected(bytes)
    let hasMark = bytes.starts(with: encoding.byteOrderMark)
    let converter =
      encoding == .utf8 ? nil : try TextConverter(from: encoding, to: .utf8)
    var splitter = CSVRecordSplitter(bytes, from: hasMark ? encoding.byteOrderMark.count : 0)
    var header: [String] = []
    while header.allSatisfy(\.isEmpty), let piece = splitter.next() {
      guard case .record(_, let range, let isQuoted) = piece,
        case .success(let fields) = Self.fields(
          bytes[range], isQuoted: isQuoted, converter: converter)
      else { break }
      header = fields
    }
    (columns, ignoredColumns) = try Self.columns(header, table: table)
    (self.bytes, self.table, self.divisions) = (bytes, table, divisions)
    (self.options, self.encoding, self.converter) = (options, encoding, converter)
    self.splitter = splitter
  }

  /// The next good record; nil at the end of the file.
  package mutating func next() -> RosterRecord? {
    while let piece = splitter.next() {
      switch piece {
      case .broken(let line, let fault): problems.append(LineProblem(line: line, fault))
      case .record(let line, let range, let isQuoted):
        switch Self.fields(bytes[range], isQuoted: isQuoted, converter: converter) {
        case .failure(let fault): problems.append(LineProblem(line: line, fault.fault))
        case .success(let fields):
          if fields.allSatisfy(\.isEmpty) { continue }
          if let record = record(fields, line: line) { return record }
        }
      }
    }
    return nil
  }

  /// Up to `count` good records; empty at the end of the file.
  package mutating func nextBatch(_ count: Int) -> [RosterRecord] {
    precondition(count > 0, "a batch has room for a record")
    var records: [RosterRecord] = []
    while records.count < count, let record = next() { records.append(record) }
    return records
  }

  private mutating func record(_ fields: [String], line: Int) -> RosterRecord? {
    guard fields.count == columns.count else {
      let fault = LineFault.columnCount(found: fields.count, expected: columns.count)
      problems.append(LineProblem(line: line, fault))
      return nil
    }
    var (keyText, divisionText) = ("", "")
    var values: [ColumnValue] = []
    var isGood = true
    for (column, text) in zip(columns, fields) where !text.isEmpty {
      switch column {
      case .key: keyText = text
      case .division: divisionText = text
      case .ignored: break
      case .field(let field):
        switch field.form.value(of: text) {
        case .success(let value): values.append(ColumnValue(field.id, value))
        case .failure(let fault) where fault.fault.isUnknownCode(text):
          if let code = issuedCode(text, field) {
            values.append(ColumnValue(field.id, .text(code)))
            continue
          }
          values.append(ColumnValue(field.id, .text(text)))
          problems.append(LineProblem(line: line, column: field.name, fault.fault))
        case .failure(let fault):
          if isGood {  // One line is rejected once.
            problems.append(LineProblem(line: line, column: field.name, fault.fault))
          }
          isGood = false
        }
      }
    }
    guard isGood else { return nil }
    if keyText.isEmpty {
      let substitute = values.first { $0.column == table.keySubstitute.id }
      keyText = substitute?.value.string ?? ""
    }
    guard let scope = scope(divisionText, line: line), let key = key(keyText, line: line) else {
      return nil
    }
    return RosterRecord(
      line: line, scope: scope, key: [key], values: values.sorted { $0.column < $1.column })
  }

  /// A code of a column that the province issued, from the code itself or its word.
  private func issuedCode(_ text: String, _ field: RosterField) -> String? {
    guard let issued = options.codes[field.name] else { return nil }
    if issued[text] != nil { return text }
    return issued.filter { $0.value == text }.keys.min()
  }

  private mutating func key(_ text: String, line: Int) -> Value? {
    let name = table.keyHeaders[0]
    guard !text.isEmpty else {
      problems.append(LineProblem(line: line, column: name, .keyMissing))
      return nil
    }
    guard table == .companies else {
      guard text.utf8.count <= 60 else {
        problems.append(LineProblem(line: line, column: name, .keyMalformed(text)))
        return nil
      }
      return .text(text)
    }
    do throws(SubjectCode.Malformed) {
      let code = try SubjectCode(Array(text.utf8))
      if code.hasWarning {
        problems.append(LineProblem(line: line, column: name, .checkCharacter(text)))
      }
      return .text(code.bytes)
    } catch {
      problems.append(LineProblem(line: line, column: name, .keyMalformed(text)))
      return nil
    }
  }

  private mutating func scope(_ text: String, line: Int) -> Scope? {
    let found: Scope?
    if text.isEmpty {
      found = options.division
    } else if let known = divisionNames[text] {
      found = known
    } else {
      let matches = divisions.divisions(named: text)
      found = matches.count == 1 ? matches[0].scope : nil
      divisionNames[text] = .some(found)
    }
    guard let found, divisions.division(found) != nil else {
      problems.append(LineProblem(line: line, column: "division", .divisionUnknown(text)))
      return nil
    }
    if let writer = options.writer,
      !divisions.scopes.mayWrite(writer, table.declaration.writers, in: found)
    {
      problems.append(
        LineProblem(line: line, column: "division", .divisionNotWritable("\(found)")))
      return nil
    }
    return found
  }

  /// The trimmed fields of one record.
  private static func fields(
    _ bytes: ArraySlice<UInt8>, isQuoted: Bool, converter: TextConverter?
  ) -> Result<[String], FieldFault> {
    if bytes.contains(0) { return .failure(FieldFault(.zeroByte)) }
    var text: String?
    if let converter, bytes.contains(where: { $0 >= 0x80 }) {
      text = converter.convert(bytes).flatMap { String(validating: $0, as: UTF8.self) }
    } else {
      text = bytes.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) }
    }
    guard let text else { return .failure(FieldFault(.notText)) }
    let raw: [Substring]
    if isQuoted {
      switch unquoted(text) {
      case .success(let fields): raw = fields.map { $0[...] }
      case .failure(let fault): return .failure(fault)
      }
    } else {
      raw = text.utf8.split(separator: 0x2C, omittingEmptySubsequences: false)
        .map { text[$0.startIndex..<$0.endIndex] }
    }
    return .success(raw.map(cleaned))
  }

  /// The fields of a record with quotes, by SwiftCSV. It compares characters, so that a quote or comma
  /// with a combining mark behind it is none for it: such a record is reported, never misread.
  private static func unquoted(_ text: String) -> Result<[String], FieldFault> {
    let isAmbiguous = text.contains { character in
      let scalars = character.unicodeScalars
      return scalars.count > 1 && (scalars.first == "\"" || scalars.first == ",")
    }
    // The line end makes SwiftCSV keep an empty last field.
    guard !isAmbiguous,
      let parsed = try? EnumeratedCSV(  // Which quote was wrong does not matter to any caller.
        string: text + "\n", delimiter: .comma, loadColumns: false),
      parsed.rows.isEmpty
    else { return .failure(FieldFault(.strayQuote)) }
    return .success(parsed.header)
  }

  /// Without spaces around it, and without the apostrophe that keeps a spreadsheet from running it.
  private static func cleaned(_ text: Substring) -> String {
    var rest = text.trimmed
    if rest.utf8.first == 0x27, RosterCSV.isFormula(rest) { rest = rest.dropFirst() }
    return String(rest)
  }

  private static func columns(_ header: [String], table: RosterTable) throws(CaseworkError)
    -> ([Column], ignored: [String])
  {
    var names: [String: Column] = [:]
    for name in table.keyHeaders { names[name] = .key }
    for name in RosterCSV.divisionHeaders { names[name] = .division }
    for field in table.fields {
      for name in [field.name, field.title] + field.aliases { names[name] = .field(field) }
    }
    var (columns, ignored, repeated): ([Column], [String], [String]) = ([], [], [])
    for text in header.prefix(RosterLimits.columns + 1) {
      let column = names[text] ?? names[text.lowercased()] ?? .ignored
      if column == .ignored {
        if !text.isEmpty { ignored.append(text) }
      } else if columns.contains(column) {
        repeated.append(text)
      }
      columns.append(column)
    }
    let hasKey = columns.contains(.key) || columns.contains(.field(table.keySubstitute))
    let missing = hasKey ? [] : [table.keyHeaders[0]]
    guard missing.isEmpty, repeated.isEmpty, header.count <= RosterLimits.columns else {
      throw .headerUnusable(missing: missing, repeated: repeated)
    }
    return (columns, ignored)
  }
}
