package import Changes

extension FieldForm {
  /// The value of a text of a file, which is trimmed and not empty; or what is wrong with it.
  package func value(of text: String) -> Result<Value, FieldFault> {
    switch self {
    case .text(let limit):
      let count = text.utf8.count
      return count <= limit
        ? .success(.text(text)) : .failure(FieldFault(.fieldTooLong(bytes: count, limit: limit)))
    case .code(let codes): return Self.code(text, codes)
    case .date: return Self.date(text, hasDay: true)
    case .month: return Self.date(text, hasDay: false)
    case .integer(let range):
      let digits = Self.whole(text[...])
      guard let digits, let number = Int64(digits), range.contains(number) else {
        return .failure(FieldFault(.unreadable(text)))
      }
      return .success(.integer(number))
    case .hash:
      guard let bytes = Self.hexadecimal(text), bytes.count == 32 else {
        return .failure(FieldFault(.unreadable(text)))
      }
      return .success(.blob(bytes))
    }
  }

  /// The text of a value in a file; with `isChinese` words instead of codes. NULL is empty.
  package func text(of value: Value, isChinese: Bool) -> String {
    switch (self, value) {
    case (_, .null): return ""
    case (.code(let codes), .text):
      let code = value.description
      return isChinese ? codes.first { $0.code == code }?.title ?? code : code
    case (_, .blob(let bytes)):
      return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    default: return value.description
    }
  }

  /// The code, the word or an alias; what stands behind the word in brackets does not matter
  /// (`存续（在营、开业、在册）`).
  private static func code(_ text: String, _ codes: [Code]) -> Result<Value, FieldFault> {
    if let code = codes.first(where: { $0.code == text || $0.title == text }) {
      return .success(.text(code.code))
    }
    let head = text.prefix { $0 != "（" && $0 != "(" }
    for candidate in [text, String(head)] {
      let upper = candidate.uppercased()
      for code in codes
      where code.code == upper || code.title == candidate || code.aliases.contains(candidate) {
        return .success(.text(code.code))
      }
    }
    return .failure(FieldFault(.notInList(text)))
  }

  /// Digits, perhaps with `.0…` behind them as spreadsheets write.
  private static func whole(_ text: Substring) -> Substring? {
    let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let digits = parts.first, !digits.isEmpty, isDigits(digits) else { return nil }
    if parts.count == 2, !parts[1].allSatisfy({ $0 == "0" }) { return nil }
    return digits
  }

  private static func isDigits(_ text: Substring) -> Bool {
    text.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  private static func date(_ text: String, hasDay: Bool) -> Result<Value, FieldFault> {
    if let value = canonical(text, hasDay: hasDay) { return .success(value) }
    let day = text.prefix { $0 != " " && $0 != "T" }  // A time of day may follow.
    var parts = day.split { "-/.年月日".contains($0) }
    if parts.count == 1, isDigits(parts[0]), parts[0].utf8.count == (hasDay ? 8 : 6) {
      let last = hasDay ? [parts[0].suffix(2)] : []
      parts = [parts[0].prefix(4), parts[0].dropFirst(4).prefix(2)] + last
    }
    let numbers = parts.filter { isDigits($0) && $0.utf8.count <= 4 }.compactMap { Int($0) }
    guard numbers.count == parts.count, numbers.count == (hasDay ? 3 : 2),
      (1_900...2_200).contains(numbers[0]), (1...12).contains(numbers[1]),
      !hasDay || (1...days(year: numbers[0], month: numbers[1])).contains(numbers[2])
    else { return .failure(FieldFault(.unreadable(text))) }
    var bytes: [UInt8] = []
    for (position, number) in numbers.enumerated() {
      if position > 0 { bytes.append(0x2D) }
      bytes.append(decimal: number, digits: position == 0 ? 4 : 2)
    }
    return .success(.text(bytes))
  }

  /// `YYYY-MM-DD` or `YYYY-MM` as it is stored, the usual case, without a look at characters.
  private static func canonical(_ text: String, hasDay: Bool) -> Value? {
    let bytes = Array(text.utf8)
    guard bytes.count == (hasDay ? 10 : 7) else { return nil }
    for (position, byte) in bytes.enumerated() {
      let isHyphen = position == 4 || position == 7
      guard isHyphen ? byte == 0x2D : (0x30...0x39).contains(byte) else { return nil }
    }
    func number(_ range: Range<Int>) -> Int {
      bytes[range].reduce(0) { $0 * 10 + Int($1) - 0x30 }
    }
    let (year, month) = (number(0..<4), number(5..<7))
    guard (1_900...2_200).contains(year), (1...12).contains(month),
      !hasDay || (1...days(year: year, month: month)).contains(number(8..<10))
    else { return nil }
    return .text(bytes)
  }

  private static func days(year: Int, month: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  private static func hexadecimal(_ text: String) -> [UInt8]? {
    let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(UInt8(high << 4 | low))
    }
    return bytes
  }
}

/// A fault of one field, as an error.
package struct FieldFault: Error, Hashable, Sendable {
  package let fault: LineFault
  init(_ fault: LineFault) { self.fault = fault }
}
