internal import Inspection
package import Store

/// The secret that a node derives its committed values from: 64 hexadecimal digits in `draw.secret` of its
/// folder, mode 0600, made when it is first needed. It never travels; whoever reads it knows later draws.
package struct DrawSecret: Sendable {
  /// 32 bytes.
  let bytes: [UInt8]

  /// Reads the secret of a node. `makes`: makes one when there is none. Throws `missing` without one,
  /// `store` for a damaged file.
  package init(in folder: ReplicaFolder, makes: Bool = false) throws(CaseworkError) {
    let (host, path) = (SystemHost(), folder.path + "/draw.secret")
    do throws(StoreError) {
      if makes, !host.exists(path) {
        try host.write(
          Array((HexText.text(host.randomBytes(32)) + "\n").utf8), to: path, isPrivate: true)
      }
    } catch {
      throw .store(error)
    }
    guard host.exists(path) else { throw .missing(table: "draw.secret", key: folder.path) }
    let text: [UInt8]
    do throws(StoreError) { text = try host.read(path) } catch { throw .store(error) }
    let digits = String(decoding: text, as: UTF8.self).filter { !$0.isWhitespace }
    guard let bytes = HexText.bytes(digits), bytes.count == 32 else {
      throw .store(.folder(path: path, problem: "is no secret of 64 hexadecimal digits"))
    }
    self.bytes = bytes
  }
}
