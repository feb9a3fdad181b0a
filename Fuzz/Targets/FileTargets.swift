import Casework
import Causality
import Changes
import Foundation
import Inspection
import Node
import Store
import Transport

/// The properties of the readers of files that people carry and edit.
enum FileTargets {
  private static let divisions: DivisionTree = {
    do throws(CaseworkError) { return try DivisionTree.builtIn() } catch {
      preconditionFailure("the table of divisions in the program is sound: \(error)")
    }
  }()

  // MARK: rosters

  /// A roster that is read is written to a file that is read to the same records, whatever its encoding and
  /// headers. The bits of the first byte: inspectors rather than companies, told encoding or not, which one,
  /// encoding and headers of the copy.
  static func roster(_ bytes: [UInt8]) -> Bool {
    do throws(CaseworkError) {
      guard let (options, table, records) = try readRoster(bytes) else { return false }
      let style = RosterWriter.Style(
        encoding: options & 8 == 0 ? .utf8 : .gb18030, isChinese: options & 16 == 0)
      var writer = try RosterWriter(table, style: style)
      for record in records {
        let values = table.fields.map { field in
          record.values.first { $0.column == field.id }?.value ?? .null
        }
        writer.append(scope: record.scope, key: record.key, values: values)
      }
      let copies = try Self.records(writer.takeBytes(), table, style.encoding)
      precondition(copies.count == records.count, "each record comes back")
      for (record, copy) in zip(records, copies) {
        precondition(
          record.scope == copy.scope && record.key == copy.key && record.values == copy.values,
          "a record comes back")
      }
      return !records.isEmpty
    } catch {
      return false
    }
  }

  /// Reads alone.
  static func readRoster(
    _ bytes: [UInt8]
  ) throws(CaseworkError) -> (options: UInt8, table: RosterTable, records: [RosterRecord])? {
    guard let options = bytes.first else { return nil }
    let table = options & 1 == 0 ? RosterTable.companies : .inspectors
    let told = options & 4 == 0 ? FileEncoding.utf8 : .gb18030
    return (
      options, table,
      try records(Array(bytes.dropFirst()), table, options & 2 == 0 ? nil : told)
    )
  }

  private static func records(
    _ bytes: [UInt8], _ table: RosterTable, _ encoding: FileEncoding?
  ) throws(CaseworkError) -> [RosterRecord] {
    var reader = try RosterReader(
      bytes, table: table, divisions: divisions,
      options: RosterCSV.Options(encoding: encoding, division: Scope(code: 530_102)))
    var records: [RosterRecord] = []
    while let record = reader.next() { records.append(record) }
    precondition(
      reader.problems.listed.count <= RosterLimits.problemsListed, "a report has a bound")
    return records
  }

  // MARK: configuration

  /// What a configuration says of itself, written as a file, says the same; an error is one line.
  static func configuration(_ bytes: [UInt8]) -> Bool {
    do throws(ConfigurationError) {
      let configuration = try Configuration(file: (path: "tributary.conf", bytes: bytes))
      let lines = configuration.settings.map { "\($0.key.rawValue) = \($0.value)\n" }
      let copy = try Configuration(file: (path: "copy", bytes: Array(lines.joined().utf8)))
      precondition(
        copy.settings.map(\.value) == configuration.settings.map(\.value), "values come back")
      return true
    } catch {
      precondition(!error.description.contains(where: \.isNewline), "an error is one line")
      return false
    }
  }

  // MARK: enrolment

  /// A request that is read is written to a file that is read to the same request.
  static func enrolment(_ bytes: [UInt8]) -> Bool {
    do throws(EnrolmentFile.Malformed) {
      let request = try EnrolmentFile.request(in: bytes)
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      guard let copy = try? encoder.encode(EnrolmentFile(request)) else {
        preconditionFailure("a request is written")
      }
      let again = try EnrolmentFile.request(in: Array(copy))
      precondition(again == request, "a request comes back")
      return true
    } catch {
      return false
    }
  }

  // MARK: draws

  /// A record is judged without a trap, whatever it says, and comes back as JSON.
  static func draw(_ bytes: [UInt8]) -> Bool {
    let record: DrawRecord
    do {
      record = try JSONDecoder().decode(DrawRecord.self, from: Data(bytes))
    } catch {
      precondition(
        error is DecodingError || error is DrawError, "an error of the reader: \(error)")
      return false
    }
    let findings = DrawVerifier.findings(of: record)
    precondition(!findings.isEmpty, "every record has steps")
    guard let copy = try? JSONEncoder().encode(record),
      let again = try? JSONDecoder().decode(DrawRecord.self, from: copy)
    else { preconditionFailure("a record is written and read") }
    precondition(again == record, "a record comes back")
    return true
  }

  // MARK: answers

  /// Whatever answers in place of a hub is shown in one short line, and says no more when shown again.
  static func answer(_ bytes: [UInt8]) -> Bool {
    let answer = ErrorAnswerBody(bytes)
    precondition(answer.code.unicodeScalars.count <= 64, "a code is short")
    precondition(answer.message.unicodeScalars.count <= Limits.reasonBytes, "a message has a bound")
    for scalar in (answer.code + answer.message).unicodeScalars {
      precondition(scalar.properties.generalCategory != .control, "nothing acts on a terminal")
    }
    return !answer.code.isEmpty
  }

  // MARK: leases

  /// A lease that is read is written to a file that is read to the same.
  static func lease(_ bytes: [UInt8]) -> Bool {
    guard let content = LeaseContent(file: bytes) else { return false }
    guard let copy = content.file, let again = LeaseContent(file: copy) else {
      preconditionFailure("a lease is written and read")
    }
    precondition(again == content, "a lease comes back")
    return true
  }
}
