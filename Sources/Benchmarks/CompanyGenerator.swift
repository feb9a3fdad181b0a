package import Causality
package import Changes

/// Makes up companies of one county or of several, the same ones for the same seed: keys allocated in
/// ascending order with both check digits, names, addresses and numbers with the skew of real ones.
///
/// Source: performance.md §3 (the shape of the data); GB 32100-2015 and GB 11714 (check digits).
package struct CompanyGenerator: Sendable {
  /// A county with its own dozen towns and sixty road names.
  private struct County: Sendable {
    let code: [UInt8]
    let prefecture: [UInt8]
    let name: [UInt8]
    let towns: [[UInt8]]
    let roads: [[UInt8]]
  }

  private let counties: [County]
  private let countyChoice: WeightedWords
  private let townChoice = WeightedWords(Array(repeating: "", count: 12), zipfOffset: 2)
  private let roadChoice = WeightedWords(Array(repeating: "", count: 60), zipfOffset: 3)
  private var random: BenchRandom
  private var serial = 4_000_000
  private var time: Int64 = 1_700_000_000_000

  /// Rows of the given counties, some of which have many more than others.
  package init(counties scopes: [Scope], seed: UInt64 = 20_260_101) {
    precondition(!scopes.isEmpty, "companies are in a county")
    random = BenchRandom(seed: seed)
    counties = scopes.map(Self.county)
    countyChoice = WeightedWords(
      scopes.map(\.description), weights: scopes.indices.map { 10_000 / (1 + $0 % 17) })
  }

  /// Appends that many rows in `CompanyColumn` order; the next call continues.
  package mutating func append(_ count: Int, to rows: inout CellTable) {
    precondition(rows.width == CompanyColumn.allCases.count, "a row has all columns")
    for _ in 0..<count { appendRow(to: &rows) }
  }

  private mutating func appendRow(to rows: inout CellTable) {
    let county = counties[countyChoice.index(&random)]
    serial += random.next(in: 1...9)
    time += Int64(random.next(in: 20...59_999))
    let kind: UInt8 = random.chance(86) ? 0x31 : random.chance(50) ? 0x33 : 0x32
    append(CreditCode.make(kind: kind, region: county.code, serial: serial), to: &rows)
    append(name(county), to: &rows)
    append(address(county), to: &rows)
    append(county.code, to: &rows)
    append(CompanyWords.credits.pick(&random), to: &rows)
    append(Self.person(&random), to: &rows)
    append(CompanyWords.statuses.pick(&random), to: &rows)
    if random.chance(6) { rows.appendNull() } else { append(phone(), to: &rows) }
    let listed = CompanyWords.capitals[CompanyWords.capitalChoice.index(&random)]
    let capital = random.chance(85) ? listed : Int64(random.next(in: 1...4_999)) * 10_000
    rows.append(integer: capital)
    rows.append(integer: time)
  }

  private func append(_ text: [UInt8], to rows: inout CellTable) {
    text.withUnsafeBytes { rows.append(.text, bytes: $0) }
  }

  private mutating func name(_ county: County) -> [UInt8] {
    let short = Array(county.name.dropLast(3))
    var text: [UInt8]
    if random.chance(35) {
      text = Array("云南".utf8)
    } else {
      text = random.chance(35) ? Array(county.prefecture.dropLast(3)) : short
    }
    if random.chance(8) { text += short }
    let length = random.chance(45) ? 2 : random.chance(60) ? 3 : 4
    for _ in 0..<length { text += CompanyWords.brands.pick(&random) }
    return text + CompanyWords.industries.pick(&random) + CompanyWords.legalForms.pick(&random)
  }

  private mutating func address(_ county: County) -> [UInt8] {
    var text = Array("云南省".utf8) + county.prefecture + county.name
    if random.chance(80) { text += county.towns[townChoice.index(&random)] }
    text += county.roads[roadChoice.index(&random)]
    text += Array(CompanyWords.roadKinds[random.next(below: 6)].utf8)
    text += Array("\(random.next(in: 1...979))号".utf8)
    let kind = random.next(below: 100)
    if kind < 35 {
      let (block, stair) = (random.next(in: 1...39), random.next(in: 1...4))
      text += Array("\(block)栋\(stair)单元\(random.next(in: 101...3_304))室".utf8)
    } else if kind < 60 {
      text += Array("附\(random.next(in: 1...39))号".utf8)
    } else if kind < 70 {
      text += CompanyWords.brands.pick(&random) + CompanyWords.brands.pick(&random)
      text += Array("商贸城\(random.next(in: 1...19))-\(random.next(in: 1...199))号".utf8)
    }
    return text
  }

  private mutating func phone() -> [UInt8] {
    let prefix = CompanyWords.phonePrefixes[random.next(below: 24)]
    if prefix.hasPrefix("0") {
      return Array("\(prefix)-\(random.next(in: 2_000_000...9_999_998))".utf8)
    }
    let digits = String(random.next(below: 100_000_000) + 100_000_000).dropFirst()
    return Array((prefix + digits).utf8)
  }

  static func person(_ random: inout BenchRandom) -> [UInt8] {
    var text = CompanyWords.surnames.pick(&random)
    for _ in 0..<(random.chance(72) ? 2 : 1) { text += CompanyWords.givenNames.pick(&random) }
    return text
  }

  private static func county(_ scope: Scope) -> County {
    let code = scope.description
    var random = BenchRandom(seed: UInt64(scope.code))
    var prefecture = BenchRandom(seed: UInt64(scope.code / 100))
    func place(_ random: inout BenchRandom) -> String {
      let words = CompanyWords.places
      return words[random.next(below: words.count)] + words[random.next(below: words.count)]
    }
    let isDistrict = scope.code % 100 < 21
    let towns = (0..<12).map { _ in
      place(&random) + (isDistrict && random.chance(60) ? "街道" : random.chance(70) ? "镇" : "乡")
    }
    let roads = (0..<60).map { _ in
      random.chance(40) ? CompanyWords.roads[random.next(below: 25)] : place(&random)
    }
    return County(
      code: Array(code.utf8), prefecture: Array((place(&prefecture) + "市").utf8),
      name: Array((place(&random) + (isDistrict ? "区" : "县")).utf8),
      towns: towns.map { Array($0.utf8) }, roads: roads.map { Array($0.utf8) })
  }
}

/// The unified social credit code. Source: GB 32100-2015 §5 and GB 11714 (organisation code).
enum CreditCode {
  private static let alphabet = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)
  private static let weights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28]
  private static let organisationWeights = [3, 7, 9, 10, 5, 8, 4, 2]

  /// Registration authority 9, the kind of organisation, the region, an organisation code of the series
  /// MA with its check digit, and the check digit: 18 characters.
  static func make(kind: UInt8, region: [UInt8], serial: Int) -> [UInt8] {
    var body: [UInt8] = [0x39, kind]
    body += region + organisation(serial)
    let sum = zip(body, weights).reduce(0) { $0 + value($1.0) * $1.1 }
    body.append(alphabet[(31 - sum % 31) % 31])
    return body
  }

  private static func organisation(_ serial: Int) -> [UInt8] {
    var (rest, digits) = (serial, [UInt8](repeating: 0x30, count: 6))
    for place in stride(from: 5, through: 0, by: -1) {
      digits[place] = alphabet[rest % 31]
      rest /= 31
    }
    let code = Array("MA".utf8) + digits
    let sum = zip(code, organisationWeights).reduce(0) { total, pair in
      let isDigit = pair.0 < 0x41
      return total + (isDigit ? Int(pair.0) - 0x30 : Int(pair.0) - 0x41 + 10) * pair.1
    }
    let check = 11 - sum % 11
    return code + [check == 11 ? 0x30 : check == 10 ? 0x58 : UInt8(0x30 + check)]
  }

  private static func value(_ character: UInt8) -> Int {
    alphabet.firstIndex(of: character) ?? 0
  }
}
