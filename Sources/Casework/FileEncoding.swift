import Glibc

/// The encodings of roster files.
package enum FileEncoding: String, Hashable, Sendable, CaseIterable {
  /// UTF-8, with or without a byte order mark.
  case utf8 = "utf-8"
  /// GB18030, of which GBK and GB2312 are parts: what spreadsheets on Chinese Windows write.
  case gb18030

  /// That of the byte order mark which the file starts with; else UTF-8 when more of the lines that are not
  /// ASCII are valid UTF-8 than not; else GB18030. One damaged line thus does not turn a whole file of
  /// UTF-8 into wrong characters. Cost: linear, at most 10,000 lines that are not ASCII.
  package static func detected(_ bytes: [UInt8]) -> FileEncoding {
    for encoding in allCases where bytes.starts(with: encoding.byteOrderMark) { return encoding }
    var (valid, invalid, start) = (0, 0, 0)
    while start < bytes.count, valid + invalid < 10_000 {
      let end = bytes[start...].firstIndex(of: 0x0A) ?? bytes.count
      let line = bytes[start..<end]
      if line.contains(where: { $0 >= 0x80 }) {
        if isValidUTF8(line) { valid += 1 } else { invalid += 1 }
      }
      start = end + 1
    }
    return invalid > valid ? .gb18030 : .utf8
  }

  /// U+FEFF, which may stand before the text: EF BB BF, or 84 31 95 33.
  package var byteOrderMark: [UInt8] {
    switch self {
    case .utf8: [0xEF, 0xBB, 0xBF]
    case .gb18030: [0x84, 0x31, 0x95, 0x33]
    }
  }

  static func isValidUTF8(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.withUnsafeBufferPointer { String(validating: $0, as: UTF8.self) != nil }
  }
}

/// Converts texts from one encoding to another with iconv of the C library. A class because it holds a
/// C handle; used by one task.
final class TextConverter {
  private let handle: iconv_t

  /// Throws `encodingUnavailable` when the C library lacks a conversion.
  init(from source: FileEncoding, to target: FileEncoding) throws(CaseworkError) {
    func name(_ encoding: FileEncoding) -> String { encoding == .utf8 ? "UTF-8" : "GB18030" }
    guard let handle = iconv_open(name(target), name(source)), handle != iconv_t(bitPattern: -1)
    else {
      throw .encodingUnavailable(name: "GB18030")
    }
    self.handle = handle
  }

  deinit { iconv_close(handle) }

  /// The text in the other encoding; nil when the bytes are no text in theirs. Cost: linear.
  func convert(_ bytes: some Sequence<UInt8>) -> [UInt8]? {
    var input = bytes.map { CChar(bitPattern: $0) }
    // One byte becomes at most 4 in either direction.
    let capacity = input.count * 4 + 8
    var succeeded = false
    let output = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, written in
      written = 0
      guard let base = buffer.baseAddress else { return }
      base.withMemoryRebound(to: CChar.self, capacity: capacity) { start in
        input.withUnsafeMutableBufferPointer { source in
          var (from, fromLeft) = (source.baseAddress, source.count)
          var (to, toLeft): (UnsafeMutablePointer<CChar>?, Int) = (start, capacity)
          _ = iconv(handle, nil, nil, nil, nil)
          succeeded = iconv(handle, &from, &fromLeft, &to, &toLeft) == 0 && fromLeft == 0
          written = capacity - toLeft
        }
      }
    }
    return succeeded ? output : nil
  }
}
