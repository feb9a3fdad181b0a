import Casework
import Causality
import Foundation
import Store
import Terminal

/// A document as one line of JSON, and a second line with the signature of a node over it: what leaves a node as its
/// word.
enum SignedLines {
  /// The second line; key and signature are in base64.
  struct Seal: Codable {
    let signer: String
    let publicKey: Data
    let signature: Data
  }

  /// The largest file that is read.
  private static let fileBytes = 64 << 20

  /// What is signed: the format's name, a zero byte, the bytes of the first line without its end.
  private static func bytes(_ json: String, _ format: String) -> [UInt8] {
    Array(format.utf8) + [0] + Array(json.utf8)
  }

  /// Both lines. `json`: one line without its end. Throws `Problem`.
  static func text(
    _ json: String, format: String, by replica: Replica
  ) throws(Problem) -> String {
    let signature = try Problem.fromStore("cannot sign", on: replica.folder.path) {
      () throws(StoreError) in
      try replica.identity.sign(bytes(json, format))
    }
    let seal = Seal(
      signer: "\(replica.identity.replica)", publicKey: Data(replica.identity.publicKey),
      signature: Data(signature))
    return json + "\n" + (try Output.json(seal, isPretty: false)) + "\n"
  }

  /// The first line of a file that a node signed whose key is known here, with who it was. `made`: the command that
  /// writes such files. Throws `Problem` for one of another form or of another's word.
  static func checked(
    _ file: String, format: String, at node: NodeFolder, made: String
  ) throws(Problem) -> (json: String, signer: ReplicaID) {
    let text = String(decoding: try FileAccess.read(file, limit: fileBytes), as: UTF8.self)
    let lines = text.split(separator: "\n", maxSplits: 1).map(String.init)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard lines.count == 2,
      // What is no seal is told below.
      let seal = try? decoder.decode(Seal.self, from: Data(lines[1].utf8)),
      let signer = ReplicaID(seal.signer)
    else {
      throw Problem(
        "this is no signed document", on: file,
        because: "it is not one line of JSON and one with its signature",
        next: ["Give a file that `\(made)` wrote."], status: .data)
    }
    let replica = try node.openReadOnly()
    let isSigned = try Problem.fromStore("cannot check the signature", on: node.folder) {
      () throws(StoreError) in
      try replica.isSigned(
        bytes(lines[0], format), signature: Array(seal.signature), by: signer)
    }
    guard isSigned else {
      throw Problem(
        "the signature does not fit", on: file,
        because: "\(signer) did not sign these bytes, or its key is not known here",
        next: ["Ask for the file again; check it at a hub above the unit."], status: .data)
    }
    return (lines[0], signer)
  }
}
