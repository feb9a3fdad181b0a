internal import Causality
internal import Changes
internal import Wire

extension EncodedChangeSet {
  /// From bytes that are canonical already and were hashed: the body is deflated when that pays.
  init(dot: Dot, header: [UInt8], canonicalBody: [UInt8]) {
    let deflated =
      canonicalBody.count >= Self.deflateThreshold
      ? Deflate.deflate(canonicalBody, level: 1) : nil
    self.init(
      dot: dot, header: header, body: deflated ?? canonicalBody, bodyIsDeflated: deflated != nil,
      bodyByteCount: canonicalBody.count)
  }

  /// The operations; throws when header or body are not canonical.
  func decodedBody() throws(WireError) -> ChangeSetBody { try decoded().body }
}
