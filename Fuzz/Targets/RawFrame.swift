import Changes
import Wire

/// A frame whose payload may be anything: what a mutator changes inside and seals again.
struct RawFrame {
  /// Kind and compression, as in the sixth byte of a frame.
  var mark: UInt8
  var dictionary: UInt8
  /// Inflated where the frame is compressed and inflates; otherwise as carried.
  var payload: [UInt8]
  /// Bytes that the frame took.
  let byteCount: Int

  private static let headBytes = 5

  /// The frame at the start of the bytes, whatever its checksum; nil when there is none.
  init?(_ bytes: ArraySlice<UInt8>) {
    guard bytes.first == FrameCodec.magic else { return nil }
    do throws(WireError) {
      self = try ByteReader.read(bytes) { (reader) throws(WireError) -> RawFrame in
        try RawFrame(&reader)
      }
    } catch {
      return nil
    }
  }

  private init(_ reader: inout ByteReader) throws(WireError) {
    _ = try reader.raw(Self.headBytes)
    mark = try reader.byte()
    let carried = try reader.count(.frame, limit: Limits.frameBytes)
    let inflated =
      mark >> 5 == 0 ? carried : try reader.count(.frame, limit: Limits.frameBytes)
    dictionary = mark >> 5 == Compression.deflateWithDictionary.rawValue ? try reader.byte() : 0
    let raw = try reader.raw(carried)
    byteCount = reader.offset
    payload = Array(raw)
    if mark >> 5 != 0 {
      payload = try Deflate.inflate(
        raw, declared: inflated, limit: Limits.frameBytes,
        dictionary: PresetDictionary.bytes(of: dictionary) ?? [])
    }
  }

  /// The frame with a checksum that holds, compressed where `mark` says so and it pays.
  var sealed: [UInt8] {
    var (mark, carried) = (mark, payload)
    if mark >> 5 != 0 {
      let preset = mark >> 5 == Compression.deflateWithDictionary.rawValue
      let known = preset ? PresetDictionary.bytes(of: dictionary) ?? [] : []
      if let deflated = Deflate.deflate(payload, level: Deflate.fastLevel, dictionary: known) {
        carried = deflated
      } else {
        mark &= 31
      }
    }
    var writer = ByteWriter(capacity: carried.count + FrameCodec.longestHeader)
    writer.write(byte: mark)
    writer.write(count: carried.count)
    if mark >> 5 != 0 { writer.write(count: payload.count) }
    if mark >> 5 == Compression.deflateWithDictionary.rawValue { writer.write(byte: dictionary) }
    writer.write(raw: carried)
    let checksum = writer.bytes.withUnsafeBytes { Deflate.crc32($0) }
    let head = [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: checksum >> $0) }
    return [FrameCodec.magic] + head + writer.bytes
  }
}
