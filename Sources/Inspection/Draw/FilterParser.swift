extension FilterExpression {
  /// Parses a filter. Throws `FilterError` with the place of what does not fit. Cost: linear in its length,
  /// bounded by `DrawLimits.filterBytes` and `filterDepth`.
  package init(parsing text: String) throws(FilterError) {
    let bytes = DrawBytes.normal(text)
    guard bytes.count <= DrawLimits.filterBytes else { throw .length(bytes.count) }
    var parser = FilterParser(tokens: try FilterParser.tokens(of: bytes))
    self = try parser.parse()
  }
}

/// A parser by recursive descent, one function per level of binding: `or`, `and`, `not`.
private struct FilterParser {
  struct Token {
    let text: String
    let isQuoted: Bool
    /// From 1.
    let position: Int
  }

  let tokens: [Token]
  private var next = 0
  private var depth = 0

  init(tokens: [Token]) { self.tokens = tokens }

  static func tokens(of bytes: [UInt8]) throws(FilterError) -> [Token] {
    var (tokens, index) = ([Token](), 0)
    while index < bytes.count {
      let start = index
      switch bytes[index] {
      case 0x20: index += 1
      case 0x27:
        guard let end = bytes[(index + 1)...].firstIndex(of: 0x27) else { throw .end }
        let text = String(decoding: bytes[(index + 1)..<end], as: UTF8.self)
        guard !text.isEmpty, !text.utf8.contains(where: { $0 < 0x20 }) else {
          throw .unexpected("''", position: start + 1)
        }
        tokens.append(Token(text: text, isQuoted: true, position: start + 1))
        index = end + 1
      case 0x28, 0x29, 0x2C, 0x3C, 0x3D, 0x3E:
        let text = String(decoding: [bytes[index]], as: UTF8.self)
        tokens.append(Token(text: text, isQuoted: false, position: start + 1))
        index += 1
      case 0x61...0x7A:
        while index < bytes.count, (0x61...0x7A).contains(bytes[index]) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        tokens.append(Token(text: text, isQuoted: false, position: start + 1))
      default:
        throw .unexpected(String(decoding: [bytes[index]], as: UTF8.self), position: start + 1)
      }
    }
    return tokens
  }

  mutating func parse() throws(FilterError) -> FilterExpression {
    let expression = try alternatives()
    if next < tokens.count { throw unexpected(tokens[next]) }
    return expression
  }

  private mutating func alternatives() throws(FilterError) -> FilterExpression {
    var parts = [try conjunction()]
    while take("or") { parts.append(try conjunction()) }
    return parts.count == 1 ? parts[0] : .any(Self.flat(parts) { $0.anyParts })
  }

  private mutating func conjunction() throws(FilterError) -> FilterExpression {
    var parts = [try negation()]
    while take("and") { parts.append(try negation()) }
    return parts.count == 1 ? parts[0] : .all(Self.flat(parts) { $0.allParts })
  }

  /// Parentheses around parts of the same kind mean nothing.
  private static func flat(
    _ parts: [FilterExpression], _ inner: (FilterExpression) -> [FilterExpression]?
  ) -> [FilterExpression] {
    parts.flatMap { inner($0) ?? [$0] }
  }

  private mutating func negation() throws(FilterError) -> FilterExpression {
    depth += 1
    defer { depth -= 1 }
    guard next < tokens.count else { throw .end }
    if depth > DrawLimits.filterDepth { throw .depth(position: tokens[next].position) }
    if take("not") { return .not(try negation()) }
    if take("(") {
      let inner = try alternatives()
      try expect(")")
      return inner
    }
    return try comparison()
  }

  private mutating func comparison() throws(FilterError) -> FilterExpression {
    let name = try word()
    guard !name.isQuoted, let field = FilterField(rawValue: name.text) else {
      throw .unknownField(name.text, position: name.position)
    }
    let sign = try word()
    guard !sign.isQuoted, let relation = FilterRelation(rawValue: sign.text),
      ![.before, .after].contains(relation) || field.isDate
    else { throw .relation(field, sign.text, position: sign.position) }
    switch relation {
    case .absent: return .comparison(field, relation, [])
    case .within:
      try expect("(")
      var operands = [try operand(field)]
      while take(",") { operands.append(try operand(field)) }
      try expect(")")
      let sorted = Set(operands).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
      return .comparison(field, sorted.count == 1 ? .equal : .within, sorted)
    default: return .comparison(field, relation, [try operand(field)])
    }
  }

  private mutating func operand(_ field: FilterField) throws(FilterError) -> String {
    let token = try word()
    guard token.isQuoted else { throw unexpected(token) }
    if field.isDate,
      token.text.wholeMatch(of: /[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])/) == nil
    {
      throw .date(token.text, position: token.position)
    }
    return token.text
  }

  private mutating func word() throws(FilterError) -> Token {
    guard next < tokens.count else { throw .end }
    next += 1
    return tokens[next - 1]
  }

  private mutating func take(_ text: String) -> Bool {
    guard next < tokens.count, !tokens[next].isQuoted, tokens[next].text == text else {
      return false
    }
    next += 1
    return true
  }

  private mutating func expect(_ text: String) throws(FilterError) {
    guard next < tokens.count else { throw .end }
    guard take(text) else { throw unexpected(tokens[next]) }
  }

  private func unexpected(_ token: Token) -> FilterError {
    .unexpected(token.text, position: token.position)
  }
}

extension FilterExpression {
  fileprivate var anyParts: [FilterExpression]? {
    if case .any(let parts) = self { parts } else { nil }
  }

  fileprivate var allParts: [FilterExpression]? {
    if case .all(let parts) = self { parts } else { nil }
  }
}
