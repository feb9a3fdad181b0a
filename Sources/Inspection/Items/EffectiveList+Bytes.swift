extension EffectiveList {
  /// The bytes that the hash of the list is made of; a draw binds that hash.
  ///
  /// ASCII `TRIB/list` and a zero byte, unit, U64 version of the province's list, U32 number of items, then
  /// per item ascending by code: code, name, class, methods, levels, cap (U32, 0xFFFFFFFF: none stated),
  /// yearly frequency (likewise), qualifications (U16 count and each), bases (U16 count, and document number
  /// and article of each). Integers are big-endian, texts a U16 length and UTF-8.
  package var canonicalBytes: [UInt8] {
    var bytes = Array("TRIB/list".utf8) + [0]
    append(unit.text, to: &bytes)
    append(baseVersion, width: 8, to: &bytes)
    append(UInt64(entries.count), width: 4, to: &bytes)
    for item in entries.map(\.item) {
      append(item.code, to: &bytes)
      append(item.name, to: &bytes)
      append(item.itemClass.rawValue, to: &bytes)
      append(item.methods.text, to: &bytes)
      append(item.levels.text, to: &bytes)
      append(optional(item.capBp), width: 4, to: &bytes)
      append(optional(item.yearlyFrequency), width: 4, to: &bytes)
      append(UInt64(item.qualifications.count), width: 2, to: &bytes)
      for tag in item.qualifications { append(tag, to: &bytes) }
      append(UInt64(item.bases.count), width: 2, to: &bytes)
      for basis in item.bases {
        append(basis.documentNumber, to: &bytes)
        append(basis.article, to: &bytes)
      }
    }
    return bytes
  }

  private func optional(_ number: Int?) -> UInt64 {
    number.map { UInt64(min(max($0, 0), 0xFFFF_FFFE)) } ?? 0xFFFF_FFFF
  }

  private func append(_ number: UInt64, width: Int, to bytes: inout [UInt8]) {
    for shift in stride(from: (width - 1) * 8, through: 0, by: -8) {
      bytes.append(UInt8(truncatingIfNeeded: number >> UInt64(shift)))
    }
  }

  /// Texts longer than the form allows are cut: no field of an item is near 64 KiB.
  private func append(_ text: String, to bytes: inout [UInt8]) {
    let utf8 = text.utf8.prefix(0xFFFF)
    append(UInt64(utf8.count), width: 2, to: &bytes)
    bytes.append(contentsOf: utf8)
  }
}
