import Causality
import Changes
import Inspection

/// What the columns of one generated company hang on.
private struct CompanyTraits {
  enum Kind { case enterprise, branch, individual, cooperative }
  let kind: Kind
  let trade: Trade?
  let year: Int
  let town: Int

  /// 76.7 % individuals, 21.4 % enterprises and branches, 1.9 % cooperatives. Source: domain.md §7.2.
  init(_ random: inout KeyedRandom, towns: Int) {
    switch random.below(1_000) {
    case 0..<767: kind = .individual
    case 767..<965: kind = .enterprise
    case 965..<981: kind = .branch
    default: kind = .cooperative
    }
    let trades =
      switch kind {
      case .individual: RosterWords.shopTrades
      case .enterprise, .branch: RosterWords.enterpriseTrades
      case .cooperative: [Trade]()
      }
    trade = trades.isEmpty ? nil : trades[random.skewed(trades.count)]
    year = 2025 - random.skewed(kind == .cooperative ? 18 : 25)
    town = random.skewed(towns)
  }

  var code: StaticString {
    switch kind {
    case .enterprise: "ENT"
    case .branch: "BRANCH"
    case .individual: "IND"
    case .cooperative: "COOP"
    }
  }

  /// The second character of the credit code.
  var codeKind: UInt8 {
    switch kind {
    case .enterprise, .branch: 0x31
    case .individual: 0x32
    case .cooperative: 0x33
    }
  }

  var isClassed: Bool { kind == .enterprise || kind == .branch }
}

extension DivisionRoster {
  private static let stateCodes: [StaticString] = [
    "ACTIVE", "CANCELLED", "REVOKED", "SUSPENDED", "MOVED_OUT", "LIQUIDATING", "RESCINDED",
  ]
  private static let stateWeights = [880, 70, 32, 8, 6, 3, 1]
  private static let classCodes: [StaticString] = ["A", "B", "C", "D"]
  private static let classWeights = [65, 25, 8, 2]
  private static let riskWeights = [30, 45, 20, 5]
  private static let capitals = [
    100_000, 500_000, 1_000_000, 1_000_000, 2_000_000, 3_000_000, 5_000_000, 10_000_000,
    20_000_000, 50_000_000, 100_000_000,
  ]
  private static let mobilePrefixes = WordList(
    words:
      "138 139 135 136 137 150 151 152 158 159 187 188 182 183 147 130 131 132 186 133 153 180 189")

  /// Appends one row; `text` is memory to reuse.
  func appendCompany(_ number: Int, to table: inout CellTable, text: inout [UInt8]) {
    var random = KeyedRandom(seed, 3, UInt64(division.scope.code), UInt64(number))
    let traits = CompanyTraits(&random, towns: place.towns.count)
    let code = place.registrationCodes[random.below(place.registrationCodes.count)]
    appendKey(number, code: code, traits, &random, to: &table)
    table.append(traits.code)
    text.removeAll(keepingCapacity: true)
    appendName(traits, &random, to: &text)
    table.append(text: text)
    let hasOldNumber = traits.year < 2015 && traits.isClassed && random.chance(300)
    if hasOldNumber,
      let old = RegistrationNumber(division: code, sequence: UInt32(10_000_000 + number))
    {
      table.append(text: old.bytes)
    } else {
      table.appendNull()
    }
    table.append(Self.stateCodes[random.weighted(Self.stateWeights, sum: 1_000)])
    table.append(text: place.office)
    text.removeAll(keepingCapacity: true)
    Self.appendPerson(&random, to: &text)
    table.append(text: text)
    let person = text
    text.removeAll(keepingCapacity: true)
    appendAddress(traits, &random, to: &text)
    table.append(text: text)
    table.append(text: traits.trade?.industry ?? Array("A0141".utf8))
    table.append(integer: Self.capital(traits, &random))
    text.removeAll(keepingCapacity: true)
    Self.appendDate(year: traits.year, &random, to: &text)
    table.append(text: text)
    table.append(
      traits.isClassed ? Self.classCodes[random.weighted(Self.classWeights, sum: 100)] : "N")
    text.removeAll(keepingCapacity: true)
    text.append(contentsOf: RosterGenerator.creditMonth.utf8)
    table.append(text: text)
    appendCountyColumns(traits, person: person, &random, to: &table, text: &text)
  }

  /// Contact to last check: what the county keeps.
  private func appendCountyColumns(
    _ traits: CompanyTraits, person: [UInt8], _ random: inout KeyedRandom,
    to table: inout CellTable, text: inout [UInt8]
  ) {
    text.removeAll(keepingCapacity: true)
    switch random.below(100) {
    case 0..<55: table.append(text: person)
    case 55..<85:
      Self.appendPerson(&random, to: &text)
      table.append(text: text)
    default: table.appendNull()
    }
    text.removeAll(keepingCapacity: true)
    if random.chance(60) {
      table.appendNull()
    } else {
      appendPhone(isMobile: traits.kind == .individual || random.chance(700), &random, to: &text)
      table.append(text: text)
    }
    text.removeAll(keepingCapacity: true)
    if random.chance(60) {
      appendAddress(traits, &random, to: &text)
      table.append(text: text)
    } else {
      table.appendNull()
    }
    text.removeAll(keepingCapacity: true)
    place.towns.append(traits.town, to: &text)
    text.append(contentsOf: "市场监督管理所".utf8)
    table.append(text: text)
    appendRisk(traits.trade?.isFood == true, &random, to: &table)
    appendRisk(traits.trade?.isDrug == true, &random, to: &table)
    appendRisk(random.chance(20), &random, to: &table)
    appendRisk(random.chance(15), &random, to: &table)
    text.removeAll(keepingCapacity: true)
    if random.chance(120) {
      Self.appendDate(year: 2024 + random.below(2), &random, to: &text)
      table.append(text: text)
    } else {
      table.appendNull()
    }
  }

  private func appendKey(
    _ number: Int, code: UInt32, _ traits: CompanyTraits, _ random: inout KeyedRandom,
    to table: inout CellTable
  ) {
    if traits.kind == .individual, traits.year < 2012, random.chance(300),
      let old = RegistrationNumber(division: code, sequence: UInt32(60_000_000 + number))
    {
      table.append(text: old.bytes)
      return
    }
    // The series MA of subject codes: six symbols of base 31, 4 million numbers per division.
    var subject = [UInt8](repeating: 0x4D, count: 8)
    subject[1] = 0x41
    var rest = 10_000_000 + slot * 4_000_000 + number * 4 + random.below(4)
    for position in stride(from: 7, through: 2, by: -1) {
      subject[position] = Self.symbols[rest % 31]
      rest /= 31
    }
    guard
      let credit = CreditCode(
        department: 0x39, kind: traits.codeKind, division: code, subject: subject)
    else { preconditionFailure("the parts are of the alphabet") }
    table.append(text: credit.bytes)
  }

  private static let symbols = Array("0123456789ABCDEFGHJKLMNPQRTUWXY".utf8)

  private func appendName(
    _ traits: CompanyTraits, _ random: inout KeyedRandom, to text: inout [UInt8]
  ) {
    switch traits.kind {
    case .individual:
      place.heads.append(0, to: &text)
      if random.chance(250) {
        text.append(contentsOf: random.chance(500) ? "老".utf8 : "小".utf8)
        RosterWords.surnames.append(random.skewed(RosterWords.surnames.count), to: &text)
      } else {
        Self.appendBrand(2, &random, to: &text)
      }
      text.append(contentsOf: traits.trade?.word ?? [])
    case .enterprise, .branch:
      place.heads.append(random.below(place.heads.count), to: &text)
      Self.appendBrand(random.chance(700) ? 2 : 3, &random, to: &text)
      text.append(contentsOf: traits.trade?.word ?? [])
      RosterWords.enterpriseForms.append(
        random.below(RosterWords.enterpriseForms.count), to: &text)
      if traits.kind == .branch {
        place.heads.append(1, to: &text)
        text.append(contentsOf: "分公司".utf8)
      }
    case .cooperative:
      place.heads.append(1, to: &text)
      Self.appendBrand(2, &random, to: &text)
      let trades = RosterWords.cooperativeTrades
      trades.append(random.skewed(trades.count), to: &text)
      text.append(contentsOf: "农民专业合作社".utf8)
    }
  }

  private static func appendBrand(
    _ count: Int, _ random: inout KeyedRandom, to text: inout [UInt8]
  ) {
    for _ in 0..<count {
      RosterWords.brand.append(random.skewed(RosterWords.brand.count), to: &text)
    }
  }

  private func appendAddress(
    _ traits: CompanyTraits, _ random: inout KeyedRandom, to text: inout [UInt8]
  ) {
    text.append(contentsOf: place.address)
    if random.chance(800) { place.towns.append(traits.town, to: &text) }
    place.roads.append(random.skewed(place.roads.count), to: &text)
    text.append(decimal: 1 + random.skewed(900))
    text.append(contentsOf: "号".utf8)
    switch random.below(100) {
    case 0..<25:
      text.append(decimal: 1 + random.below(30))
      text.append(contentsOf: "栋".utf8)
      text.append(decimal: 100 * (1 + random.below(28)) + 1 + random.below(6))
      text.append(contentsOf: "室".utf8)
    case 25..<50:
      text.append(contentsOf: "附".utf8)
      text.append(decimal: 1 + random.below(30))
      text.append(contentsOf: "号".utf8)
    case 50..<62:
      Self.appendBrand(2, &random, to: &text)
      RosterWords.markets.append(random.below(RosterWords.markets.count), to: &text)
      text.append(decimal: 1 + random.below(200))
      text.append(contentsOf: "号铺面".utf8)
    default: break
    }
  }

  static func appendPerson(_ random: inout KeyedRandom, to text: inout [UInt8]) {
    RosterWords.surnames.append(random.skewed(RosterWords.surnames.count), to: &text)
    for _ in 0..<(random.chance(720) ? 2 : 1) {
      RosterWords.given.append(random.skewed(RosterWords.given.count), to: &text)
    }
  }

  func appendPhone(isMobile: Bool, _ random: inout KeyedRandom, to text: inout [UInt8]) {
    if isMobile {
      Self.mobilePrefixes.append(random.below(Self.mobilePrefixes.count), to: &text)
      text.append(decimal: random.below(100_000_000), digits: 8)
    } else {
      text.append(contentsOf: place.areaCode)
      text.append(decimal: 2_000_000 + random.below(6_999_999), digits: 7)
    }
  }

  static func appendDate(year: Int, _ random: inout KeyedRandom, to text: inout [UInt8]) {
    text.append(decimal: year, digits: 4)
    text.append(0x2D)
    text.append(decimal: 1 + random.below(12), digits: 2)
    text.append(0x2D)
    text.append(decimal: 1 + random.below(28), digits: 2)
  }

  private func appendRisk(
    _ isGraded: Bool, _ random: inout KeyedRandom, to table: inout CellTable
  ) {
    if isGraded {
      table.append(Self.classCodes[random.weighted(Self.riskWeights, sum: 100)])
    } else {
      table.appendNull()
    }
  }

  /// Whole yuan.
  private static func capital(_ traits: CompanyTraits, _ random: inout KeyedRandom) -> Int64 {
    switch traits.kind {
    case .enterprise: Int64(capitals[random.below(capitals.count)])
    case .branch: 0
    case .individual: Int64(10_000 * (1 + random.skewed(30)))
    case .cooperative: Int64(100_000 * (5 + random.skewed(60)))
    }
  }
}

extension CellTable {
  mutating func append(text: [UInt8]) { text.withUnsafeBytes { append(.text, bytes: $0) } }

  mutating func append(_ text: StaticString) {
    append(
      .text, bytes: UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}

extension [UInt8] {
  /// Decimal digits, with zeros in front up to `digits`.
  mutating func append(decimal number: Int, digits: Int = 1) {
    precondition(number >= 0, "only amounts are written")
    let start = count
    var rest = number
    repeat {
      append(0x30 + UInt8(rest % 10))
      rest /= 10
    } while rest > 0 || count - start < digits
    self[start...].reverse()
  }
}
