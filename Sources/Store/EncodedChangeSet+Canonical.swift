internal import Causality
internal import Changes
internal import Wire

extension EncodedChangeSet {
  /// With its body deflated when that pays: as it is sent. The log keeps own bodies as they were hashed, so that
  /// whoever writes does not wait for it.
  var deflated: EncodedChangeSet {
    guard !bodyIsDeflated, body.count >= Self.deflateThreshold,
      let deflated = Deflate.deflate(body, level: 1)
    else { return self }
    return EncodedChangeSet(
      dot: dot, header: header, body: deflated, bodyIsDeflated: true, bodyByteCount: bodyByteCount)
  }

  /// The operations; throws when header or body are not canonical.
  func decodedBody() throws(WireError) -> ChangeSetBody { try decoded().body }
}
