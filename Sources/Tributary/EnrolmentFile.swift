import Causality
import Foundation
import Store
import Terminal

/// `enrolment.json`: what a new node asks of its hub, as a file.
struct EnrolmentFile: Codable {
  var format: String
  var replica: String
  /// 64 hexadecimal digits.
  var publicKey: String
  var name: String
  /// 128 hexadecimal digits.
  var signature: String

  private static let format = "tributary enrolment 1"
  /// Bytes that are read of a request.
  private static let byteLimit = 16 << 10

  init(_ request: EnrolmentRequest) {
    format = Self.format
    replica = "\(request.replica)"
    publicKey = Quantity.hexadecimal(request.publicKey, digits: 64)
    name = request.name
    signature = Quantity.hexadecimal(request.signature, digits: 128)
  }

  /// Reads a request. Throws `Problem` for anything else.
  static func read(_ path: String) throws(Problem) -> EnrolmentRequest {
    let bytes = try FileAccess.read(path, limit: byteLimit)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    // Why it is no request does not help a person who named the wrong file.
    guard let file = try? decoder.decode(EnrolmentFile.self, from: Data(bytes)),
      file.format == format, let replica = ReplicaID(file.replica),
      let publicKey = hexadecimal(file.publicKey), publicKey.count == 32,
      let signature = hexadecimal(file.signature), signature.count == 64
    else {
      throw Problem(
        "this is no enrolment request", on: path,
        next: ["Give the enrolment.json that `tributary init` wrote at the new node."],
        status: .data)
    }
    return EnrolmentRequest(
      replica: replica, publicKey: publicKey, name: file.name, signature: signature)
  }

  private static func hexadecimal(_ text: String) -> [UInt8]? {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }
}
