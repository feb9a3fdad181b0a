import Causality
import Changes
import Foundation
import Testing
import Wire

/// `change-sets.json`: canonical bytes and what they say (3-ChangeSets §1–6).
struct ChangeSetFile: Codable {
  struct Case: Codable {
    var name: String
    var header: HeaderFields
    var body: BodyFields
    var headerHex: String
    var bodyHex: String?
    /// The canonical body as a file of this folder, where it is long.
    var bodyFile: String?
    var contentHash: String

    func bodyBytes() throws -> [UInt8] {
      if let bodyFile { return try VectorFolder.bytes(bodyFile) }
      return try Hex.decode(bodyHex ?? "")
    }
  }

  struct Invalid: Codable {
    var name: String
    var headerHex: String
    var bodyHex: String
    var error: String
  }

  var valid: [Case]
  var invalid: [Invalid]
}

extension ChangeSetFile {
  static let fileBytes = 1_024

  static func make() throws -> (file: ChangeSetFile, bodies: [(name: String, bytes: [UInt8])]) {
    var bodies: [(String, [UInt8])] = []
    let valid = try ChangeSetSamples.all().map { name, header, body in
      let headerBytes = ChangeSetCodec.encodeHeader(header)
      let bodyBytes = ChangeSetCodec.encodeBody(body, of: header)
      var place: String?
      if bodyBytes.count >= fileBytes {
        place = "change-set-body-\(bodies.count + 1).bin"
        bodies.append((place ?? "", bodyBytes))
      }
      return Case(
        name: name, header: HeaderFields(header), body: BodyFields(body),
        headerHex: Hex.encode(headerBytes), bodyHex: place == nil ? Hex.encode(bodyBytes) : nil,
        bodyFile: place,
        contentHash: Digest.sha256([HashDomain.changeSet.rawValue] + headerBytes + bodyBytes)
          .description)
    }
    let header = ChangeSetCodec.encodeHeader(try ChangeSetSamples.header(context: ["530000-1:4"]))
    let invalid =
      InvalidChangeSets.headers.map { ($0.0, $0.1, "00", $0.2) }
      + (InvalidChangeSets.bodies + InvalidBodies.all).map {
        ($0.0, Hex.encode(header), $0.1, $0.2)
      }
    return (
      ChangeSetFile(
        valid: valid,
        invalid: invalid.map {
          Invalid(
            name: $0.0, headerHex: $0.1.filter { $0 != " " }, bodyHex: $0.2.filter { $0 != " " },
            error: $0.3)
        }), bodies
    )
  }
}

/// Bytes that a decoder refuses, and the fault that it names. Headers stand before an empty body, bodies
/// behind the header of 3-ChangeSets §2.
enum InvalidChangeSets {
  static let headers: [(String, String, String)] = [
    ("nothing", "", "truncated"),
    ("format version 2", "22 205ad8 0001 01 0192cc09147b 01 01 61", "unknownCode"),
    ("number 0", "21 205ad8 0001 00 0192cc09147b 01 01 61", "malformed"),
    ("a counter of 0, written out", "81 205ad8 0001 01 0192cc09147b 00 01", "nonCanonical"),
    ("a counter of 65,536", "81 205ad8 0001 01 0192cc09147b 808004 01", "limitExceeded"),
    ("schema version 2^32", "01 205ad8 0001 01 0192cc09147b 8080808010", "limitExceeded"),
    ("an empty context, written out", "09 205ad8 0001 01 0192cc09147b 01 00", "nonCanonical"),
    (
      "the writer in its own context", "09 205ad8 0001 05 0192cc09147b 01 01 b6ad20 00 01 04",
      "malformed"
    ),
    ("one part", "11 205ad8 0001 01 0192cc09147b 01 01 d8b58101 01", "nonCanonical"),
    (
      "parts without this one", "11 205ad8 0001 01 0192cc09147b 01 02 d8b58101 02 01 01",
      "malformed"
    ),
    (
      "parts that do not ascend", "11 205ad8 0001 01 0192cc09147b 01 02 d8b58101 01 00 01",
      "nonCanonical"
    ),
    (
      "a part in channel 3", "11 205ad8 0001 01 0192cc09147b 01 02 d8b58101 01 03 01",
      "malformed"
    ),
    ("513 parts", "11 205ad8 0001 01 0192cc09147b 01 8104", "limitExceeded"),
    ("an empty author, written out", "21 205ad8 0001 01 0192cc09147b 01 00", "nonCanonical"),
    (
      "a context that does not ascend",
      "09 205ad8 0001 05 0192cc09147b 01 02 d0ac20 00 02 01 00 00 01 01", "nonCanonical"
    ),
    (
      "this part with another number", "11 205ad8 0001 01 0192cc09147b 01 02 01 01 d7b58101 02",
      "malformed"
    ),
    (
      "a part with number 0", "11 205ad8 0001 01 0192cc09147b 01 02 04 00 d4b58101 01", "malformed"
    ),
    ("an empty reason, written out", "41 205ad8 0001 01 0192cc09147b 01 00", "nonCanonical"),
    ("an author that is not UTF-8", "21 205ad8 0001 01 0192cc09147b 01 01 ff", "malformed"),
    ("an author of 257 bytes", "21 205ad8 0001 01 0192cc09147b 01 8102", "limitExceeded"),
    ("a reason of 1,025 bytes", "41 205ad8 0001 01 0192cc09147b 01 8108", "limitExceeded"),
    ("a reason that ends early", "41 205ad8 0001 01 0192cc09147b 01 05 6162", "truncated"),
    ("a byte behind the header", "21 205ad8 0001 01 0192cc09147b 01 01 61 00", "malformed"),
    (
      "the own scope as a far replica", "21 205ad8 01b6ad2001 01 0192cc09147b 01 01 61",
      "nonCanonical"
    ),
  ]

  static let bodies: [(String, String, String)] = [
    ("an empty body without its byte", "", "truncated"),
    ("a byte behind the body", "00 00", "malformed"),
    ("no control operations, announced", "01 00", "nonCanonical"),
    ("a block of no rows", "02 07 08 00 01 01 10 00 10 00", "malformed"),
    ("kind 3", "02 07 0b 01 00 10 00", "unknownCode"),
    ("a delete with a column", "02 07 0a 01 01 01 10 00 10 00", "malformed"),
    ("own registers, written out", "02 07 00 01 01 01 01 10 00 10 00", "nonCanonical"),
    ("group 0", "02 07 00 01 01 01 00 10 00 10 00", "malformed"),
    ("a column twice", "02 07 08 01 02 01 00 10 00 10 00 10 00", "nonCanonical"),
    ("257 columns", "02 07 08 01 8102", "limitExceeded"),
    ("more rows than bytes", "02 07 08 09 00 10 00", "truncated"),
    (
      "more values than 64 per byte: 410,400 in 1,583 bytes",
      "02 07 0d a006 8002" + String(repeating: "01", count: 256) + "19 00 01 00"
        + String(repeating: "02", count: 799) + String(repeating: "00", count: 512) + "07 01",
      "limitExceeded"
    ),
    (
      "more lists of dots than bytes",
      "02 07 0d 02 03 010101 11 00 01 0001 000000 000000 22 01 02", "truncated"
    ),
    (
      "more dots than bytes", "02 07 0e 02 00 11 00 01 0001 0a 00 8001 00 02 01 00 01 0001",
      "truncated"
    ),
    ("2^32 as a table", "02 8080808010 08 01 00 10 00", "limitExceeded"),
    ("a key that is null", "02 07 08 01 00 00", "malformed"),
    ("a key that is real", "02 07 08 01 00 32 00", "malformed"),
    ("a key twice", "02 07 08 02 00 10 00", "nonCanonical"),
    ("keys that descend", "02 07 08 02 00 11 00 01 0100", "nonCanonical"),
    (
      "a key of 1,025 bytes", "02 07 08 01 00 01 8108" + String(repeating: "61", count: 1_025),
      "limitExceeded"
    ),
    (
      "blocks in the wrong order", "04 08 08 01 00 10 00 07 08 01 00 10 00", "nonCanonical"
    ),
    ("two blocks alike", "04 07 08 01 00 10 00 07 08 01 00 10 02", "nonCanonical"),
    (
      "a row in two blocks", "04 07 08 01 00 10 00 07 09 01 01 01 10 00 10 00", "nonCanonical"
    ),
    (
      "keys of two widths in one table",
      "04 07 08 01 00 10 00 07 29 01 01 01 10 02 10 00 10 00", "malformed"
    ),
    ("tag 121", "02 07 08 01 01 01 10 00 79", "unknownCode"),
    ("tag 118", "02 07 08 01 01 01 10 00 76 00", "unknownCode"),
    ("tag 192", "02 07 08 01 01 01 10 00 c0", "unknownCode"),
    ("less the new value, in a new value", "02 07 08 01 01 01 10 00 21 00", "nonCanonical"),
    ("equal integers in planes", "02 07 08 02 01 01 11 00 01 0001 11 05 00 0000", "nonCanonical"),
    (
      "a step that is no common divisor", "02 07 08 02 01 01 11 00 01 0001 11 00 02 0002",
      "nonCanonical"
    ),
    (
      "a base that is not the least", "02 07 08 02 01 01 11 00 01 0001 11 00 01 0102",
      "nonCanonical"
    ),
    (
      "two planes for small numbers", "02 07 08 02 01 01 11 00 01 0001 12 00 01 0001 0000",
      "nonCanonical"
    ),
    (
      "differences that do not pay", "02 07 08 02 01 01 11 00 01 0001 19 00 01 0002", "nonCanonical"
    ),
    (
      "an integer less the milliseconds in vain", "02 07 08 01 01 01 10 00 65 f5a7b881e364",
      "nonCanonical"
    ),
    ("a time not less the milliseconds", "02 07 08 01 01 01 10 00 10 80a09ef2d964", "nonCanonical"),
    ("a text below 64 bytes as a constant", "02 07 08 01 01 01 10 00 01 01 61", "nonCanonical"),
    ("digits as a text", "02 07 08 01 01 01 10 00 81 35", "nonCanonical"),
    (
      "a credit code as a text",
      "02 07 08 01 01 01 10 00 92 3931353330313032 4d41303441384145 3559", "nonCanonical"
    ),
    ("a negative number as digits", "02 07 08 01 01 01 10 00 43 01", "malformed"),
    (
      "a credit code out of range", "02 07 08 01 01 01 10 00 54 01 00 00", "malformed"
    ),
    (
      "equal texts, plain", "02 07 08 02 01 01 11 00 01 0001 02 00 02 6161", "nonCanonical"
    ),
    (
      "a dictionary for two values",
      "02 07 08 02 01 01 11 00 01 0001 03 02 00 02 61 62 0001", "nonCanonical"
    ),
    (
      "front coding of another column", "02 07 08 02 01 01 11 00 01 0001 05 00 00 00 02 6162",
      "nonCanonical"
    ),
    ("a first key column, plain", "02 07 08 02 00 02 00 02 6162", "nonCanonical"),
    (
      "front coding with fewer bytes shared", "02 07 08 02 00 05 00 00 00 04 6161 6162",
      "nonCanonical"
    ),
    (
      "front coding that shares more than there is", "02 07 08 02 00 05 00 02 00 02 6162",
      "malformed"
    ),
    ("mixed of one class", "02 07 08 02 01 01 11 00 01 0001 78 0303 02 00 02 6162", "nonCanonical"),
    ("mixed with class 7", "02 07 08 02 01 01 11 00 01 0001 78 0700", "unknownCode"),
    (
      "mixed with a tag of another class", "02 07 08 02 01 01 11 00 01 0001 78 0003 00 10 00",
      "nonCanonical"
    ),
    ("a text longer than the body", "02 07 08 01 01 01 10 00 01 ffff03 61", "truncated"),
    ("a text of 16 MiB and a byte", "02 07 08 01 01 01 10 00 01 81808008", "limitExceeded"),
    ("notes, announced, none", "02 07 18 01 01 01 10 00 10 00 00", "nonCanonical"),
    ("a note about no row", "02 07 18 01 01 01 10 00 10 00 01 01 01 01 00", "malformed"),
    ("a note about no register", "02 07 18 01 01 01 10 00 10 00 01 00 02 01 00", "malformed"),
    ("a note that says nothing", "02 07 18 01 01 01 10 00 10 00 01 00 01 00 00", "unknownCode"),
    ("notes twice", "02 07 18 01 01 01 10 00 10 00 02 00 01 01 00 00 01 01 00", "nonCanonical"),
    (
      "over that does not ascend",
      "02 07 18 01 01 01 10 00 10 00 01 00 01 01 02 000105 000104", "nonCanonical"
    ),
    ("over with change set 0", "02 07 18 01 01 01 10 00 10 00 01 00 01 01 01 000100", "malformed"),
    ("no lists of dots", "02 07 0e 01 00 10 00 03", "malformed"),
    ("a list of dots twice", "02 07 0e 02 00 11 00 01 0001 0b 00 02 01 00 01 0001", "nonCanonical"),
    (
      "lists not in the order of use",
      "02 07 0e 02 00 11 00 01 0001 0b 01 02 01 0001 01 00 01 0100", "nonCanonical"
    ),
    (
      "a list that nothing uses", "02 07 0e 02 00 11 00 01 0001 0b 01 02 01 0001 00 00",
      "nonCanonical"
    ),
    ("other replicas, none", "02 07 0e 01 00 10 00 05 00", "nonCanonical"),
    ("the writer among the others", "02 07 0e 01 00 10 00 05 01 0001 00 02 05", "nonCanonical"),
    ("change set 0 before", "02 07 0e 01 00 10 00 07 00", "malformed"),
    ("257 dots of one register", "02 07 0e 01 00 10 00 06 00 8204", "malformed"),
    ("a refusal for reason 4", "01 01 01 05 000105 04 00", "unknownCode"),
    ("a mark with a byte behind", "01 01 02 04 000109 00", "malformed"),
    (
      "a fork with one hash", "01 01 05 23 000105" + String(repeating: "00", count: 32), "truncated"
    ),
    ("a control operation that ends early", "01 01 63 05 01", "truncated"),
    ("control code 65,536", "01 01 808004 00", "limitExceeded"),
  ]
}

@Suite struct ChangeSetVectors {
  static let file = "change-sets.json"

  @Test func `The file is what the generator gives`() throws {
    let (file, bodies) = try ChangeSetFile.make()
    for (name, bytes) in bodies { try VectorFolder.settle(Data(bytes), name) }
    try VectorFolder.settle(file, Self.file)
  }

  @Test func `Change sets read both ways and hash as the file says`() throws {
    for item in try VectorFolder.read(ChangeSetFile.self, Self.file).valid {
      let headerBytes = try Hex.decode(item.headerHex)
      let header = try ChangeSetCodec.decodeHeader(headerBytes)
      #expect(HeaderFields(header) == item.header, "\(item.name)")
      #expect(ChangeSetCodec.encodeHeader(try item.header.header()) == headerBytes, "\(item.name)")
      let bodyBytes = try item.bodyBytes()
      let body = try ChangeSetCodec.decodeBody(bodyBytes, of: header)
      #expect(BodyFields(body) == item.body, "\(item.name)")
      let encoded = ChangeSetCodec.encodeBody(try item.body.body(), of: header)
      #expect(encoded == bodyBytes, "\(item.name)")
      let hash = Digest.sha256([0] + headerBytes + bodyBytes)
      #expect(hash.description == item.contentHash, "\(item.name)")
    }
  }

  @Test func `Invalid change sets give the error that the vector says`() throws {
    for item in try VectorFolder.read(ChangeSetFile.self, Self.file).invalid {
      let headerBytes = try Hex.decode(item.headerHex)
      let bodyBytes = try Hex.decode(item.bodyHex)
      let error = #expect(throws: WireError.self, "\(item.name)") {
        let header = try ChangeSetCodec.decodeHeader(headerBytes)
        _ = try ChangeSetCodec.decodeBody(bodyBytes, of: header)
      }
      #expect(error?.vector == item.error, "\(item.name): \(String(describing: error))")
    }
  }
}
