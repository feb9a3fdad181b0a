internal import Causality
internal import Foundation
package import Store

/// `enrolment.json`: what a new node asks of its hub, as a file that people carry and look at.
package struct EnrolmentFile: Hashable, Sendable, Codable {
  /// The file is no request. Which of its fields is wrong does not help a person who named the wrong file.
  package struct Malformed: Error, Hashable, Sendable {}

  private var format: String
  private var replica: String
  /// 64 hexadecimal digits.
  private var publicKey: String
  private var name: String
  /// 128 hexadecimal digits.
  private var signature: String

  private static let format = "tributary enrolment 1"
  /// Bytes of a request, at most.
  package static let byteLimit = 16 << 10

  package init(_ request: EnrolmentRequest) {
    format = Self.format
    replica = "\(request.replica)"
    publicKey = Self.hexadecimal(request.publicKey)
    name = request.name
    signature = Self.hexadecimal(request.signature)
  }

  /// The request in these bytes.
  package static func request(in bytes: [UInt8]) throws(Malformed) -> EnrolmentRequest {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard bytes.count <= byteLimit,
      // Any error is the same to the caller, see `Malformed`.
      let file = try? decoder.decode(EnrolmentFile.self, from: Data(bytes)),
      file.format == format, let replica = ReplicaID(file.replica),
      let publicKey = Self.bytes(file.publicKey), publicKey.count == 32,
      let signature = Self.bytes(file.signature), signature.count == 64
    else { throw Malformed() }
    return EnrolmentRequest(
      replica: replica, publicKey: publicKey, name: file.name, signature: signature)
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    let digits = text.compactMap(\.hexDigitValue)
    guard digits.count == text.count, digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map {
      UInt8(digits[$0] << 4 | digits[$0 + 1])
    }
  }
}
