/// What is wrong with bytes from a wire, a file or a log. Bytes never trap: they decode or throw this.
///
/// Source: Protocol/5-Frames §6 says what a receiver does with each.
package enum WireError: Error, Hashable, Sendable {
  /// The bytes end within a value; `offset` counts from the start of the piece being read.
  case truncated(offset: Int)
  /// A value has another, required encoding: not the shortest, not in order, not the chosen coding.
  case nonCanonical(Subject)
  /// A stated limit is exceeded; nothing was allocated for it.
  case limitExceeded(Subject, value: UInt64, limit: UInt64)
  /// A code that this version does not know.
  case unknownCode(Subject, code: UInt64)
  /// The form is wrong.
  case malformed(Subject)
  /// The CRC-32 of a frame differs.
  case checksumMismatch(expected: UInt32, found: UInt32)
  /// The deflated bytes are damaged, or are not of the declared length.
  case inflationFailed
  /// A frame at a place of a bundle where it does not belong; `index` counts frames from 0.
  case frameOutOfPlace(index: UInt32)
  /// A bundle ends before its seal.
  case bundleTruncated(frames: UInt32, expected: UInt32)
  /// Bytes follow the seal of a bundle.
  case trailingBytes(count: Int)

  /// The value concerned.
  package enum Subject: String, Hashable, Sendable {
    case integer, text, header, formatVersion, stream, replica, number, timestamp, schemaVersion
    case flags, vector, parts, author, reason, body, block, table, column, columns, key, rows, cells
    case columnCoding, beforeDots, beforeIndex, notes, over, origin, control, changeSet, value,
      arena
    case frame, frameMagic, frameKind, compression, dictionary, message, hello, challenge, streams
    case signature, hash, head, part, errorText, errorCode, bundle, manifest, seal, ratio
    case changeSets, padding
  }
}
