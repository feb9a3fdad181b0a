import CZlib
import Changes

/// Raw deflate (RFC 1951, no zlib header: frames carry their own lengths and checksum) through zlib.
///
/// Source: Protocol/5-Frames §3.
package enum Deflate {
  /// The level for what is made once and sent once. Over columns level 2 takes 10 % longer than level 1 and
  /// 2.5 % fewer bytes.
  package static let fastLevel: Int32 = 2
  /// The level for what is cached and sent to many.
  package static let smallLevel: Int32 = 6

  /// The deflated bytes of `source`, started from `dictionary` when there is one. Nil when they would not
  /// be smaller, or so much smaller that `inflate` refuses the ratio.
  package static func deflate(
    _ source: [UInt8], level: Int32, dictionary: [UInt8] = []
  ) -> [UInt8]? {
    guard !source.isEmpty, source.count <= Int(UInt32.max) else { return nil }
    let result: [UInt8]? = source.withUnsafeBufferPointer { input in
      deflate(input, level: level, dictionary: dictionary)
    }
    guard let result, allows(inflated: source.count, from: result.count) else { return nil }
    return result
  }

  private static func deflate(
    _ input: UnsafeBufferPointer<UInt8>, level: Int32, dictionary: [UInt8]
  ) -> [UInt8]? {
    var stream = z_stream()
    let begun = deflateInit2_(
      &stream, level, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    guard begun == Z_OK else { return nil }
    defer { deflateEnd(&stream) }
    if !dictionary.isEmpty {
      guard deflateSetDictionary(&stream, dictionary, UInt32(dictionary.count)) == Z_OK else {
        return nil
      }
    }
    // One byte less than the source: what does not fit there does not pay.
    var ended = false
    let output = [UInt8](unsafeUninitializedCapacity: input.count) { buffer, count in
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.avail_in = UInt32(input.count)
      stream.next_out = buffer.baseAddress
      stream.avail_out = UInt32(input.count - 1)
      ended = CZlib.deflate(&stream, Z_FINISH) == Z_STREAM_END
      count = input.count - 1 - Int(stream.avail_out)
    }
    return ended ? output : nil
  }

  /// Exactly `declared` inflated bytes. The bounds are checked before memory is taken, and never more than
  /// `declared` bytes come out.
  ///
  /// Throws `limitExceeded` above `limit` or above `Limits.inflationRatio`, `inflationFailed` when the
  /// bytes are damaged, are not used up, or give another number of bytes.
  package static func inflate(
    _ source: UnsafeRawBufferPointer, declared: Int, limit: Int, dictionary: [UInt8] = []
  ) throws(WireError) -> [UInt8] {
    guard declared <= limit else {
      throw .limitExceeded(.body, value: UInt64(declared), limit: UInt64(limit))
    }
    guard allows(inflated: declared, from: source.count) else {
      let allowed = UInt64(source.count) * UInt64(Limits.inflationRatio)
      throw .limitExceeded(.ratio, value: UInt64(declared), limit: allowed)
    }
    guard declared > 0, source.count <= Int(UInt32.max) else { throw .inflationFailed }
    var stream = z_stream()
    let begun = inflateInit2_(
      &stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard begun == Z_OK else { throw .inflationFailed }
    defer { inflateEnd(&stream) }
    if !dictionary.isEmpty {
      let set = inflateSetDictionary(&stream, dictionary, UInt32(dictionary.count))
      guard set == Z_OK else { throw .inflationFailed }
    }
    var complete = false
    let output = [UInt8](unsafeUninitializedCapacity: declared) { buffer, count in
      let input = source.bindMemory(to: UInt8.self)
      stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
      stream.avail_in = UInt32(source.count)
      stream.next_out = buffer.baseAddress
      stream.avail_out = UInt32(declared)
      let status = CZlib.inflate(&stream, Z_FINISH)
      complete = status == Z_STREAM_END && stream.avail_out == 0 && stream.avail_in == 0
      count = declared - Int(stream.avail_out)
    }
    guard complete else { throw .inflationFailed }
    return output
  }

  /// Whether the ratio of inflated to deflated bytes is one that receivers accept.
  private static func allows(inflated: Int, from deflated: Int) -> Bool {
    inflated <= Limits.ratioFreeBytes || inflated / Limits.inflationRatio <= deflated
  }

  /// CRC-32 (IEEE 802.3) of bytes, continued from `seed`.
  package static func crc32(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    let pointer = bytes.bindMemory(to: UInt8.self).baseAddress
    return UInt32(CZlib.crc32_z(UInt(seed), pointer, bytes.count))
  }
}
