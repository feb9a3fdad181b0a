import Causality

/// What the generated rows of one division have in common: names, towns, roads, area code.
struct DivisionPlace: Sendable {
  /// `云南省昆明市五华区`.
  let address: [UInt8]
  /// Heads of company names, the commoner ones first: `五华区`, `昆明`, `云南`, `五华`.
  let heads: WordList
  /// `五华区市场监督管理局`.
  let office: [UInt8]
  let towns: WordList
  let roads: WordList
  /// With the trailing hyphen.
  let areaCode: [UInt8]
  /// Division codes that companies were registered under: today's, the prefecture's, older ones.
  let registrationCodes: [UInt32]

  /// Old codes of counties that changed theirs since 2009. Source: domain.md §3.1.
  private static let formerCodes: [UInt32: UInt32] = [
    530_114: 530_121, 530_115: 530_122, 530_303: 530_328, 530_304: 530_321, 530_403: 530_421,
    530_481: 530_422, 530_581: 530_522, 530_681: 530_630, 532_302: 532_331, 532_503: 532_522,
    532_504: 532_526, 532_601: 532_621, 533_301: 533_321, 533_401: 533_421,
  ]

  /// Trunk codes of fixed telephones, by the first four digits of the division.
  private static let areaCodes: [UInt32: String] = [
    5301: "0871", 5303: "0874", 5304: "0877", 5305: "0875", 5306: "0870", 5307: "0888",
    5308: "0879", 5309: "0883", 5323: "0878", 5325: "0873", 5326: "0876", 5328: "0691",
    5329: "0872", 5331: "0692", 5333: "0886", 5334: "0887",
  ]

  init(division: Division, tree: DivisionTree, seed: UInt64) {
    let code = division.scope.code
    var random = KeyedRandom(seed, 2, UInt64(code))
    let upper = division.parent.flatMap(tree.division)?.name ?? "云南省"
    address = Array(tree.fullName(division.scope).utf8)
    let short = Self.short(division.name)
    heads = WordList([division.name, short, Self.short(upper), "云南", short])
    office = Array((division.name + "市场监督管理局").utf8)
    areaCode = Array(((Self.areaCodes[code / 100] ?? "0871") + "-").utf8)
    registrationCodes = [
      code, code, code, code, code, code, Self.formerCodes[code] ?? code, code / 100 * 100,
    ]
    var towns: [String] = []
    for number in 0..<12 {
      let kind = number < (division.name.hasSuffix("县") ? 2 : 5) ? "街道" : number < 9 ? "镇" : "乡"
      towns.append(Self.placeName(&random) + kind)
    }
    self.towns = WordList(towns)
    var roads: [String] = []
    for _ in 0..<48 {
      var text: [UInt8] = []
      if random.chance(450) {
        RosterWords.roads.append(random.below(RosterWords.roads.count), to: &text)
      } else {
        text = Array(Self.placeName(&random).utf8)
      }
      RosterWords.roadKinds.append(random.below(RosterWords.roadKinds.count), to: &text)
      roads.append(String(decoding: text, as: UTF8.self))
    }
    self.roads = WordList(roads)
  }

  private static func placeName(_ random: inout KeyedRandom) -> String {
    var text: [UInt8] = []
    for _ in 0..<2 { RosterWords.places.append(random.below(RosterWords.places.count), to: &text) }
    return String(decoding: text, as: UTF8.self)
  }

  /// A division's name without its kind and peoples: `禄劝彝族苗族自治县` → `禄劝`, `五华区` → `五华`.
  private static func short(_ name: String) -> String {
    let peoples = [
      "哈尼族", "彝族", "傣族", "回族", "苗族", "纳西族", "拉祜族", "佤族", "布朗族", "瑶族", "壮族", "白族",
      "独龙族", "怒族", "普米族", "傈僳族", "藏族", "景颇族",
    ]
    var short = name
    for people in peoples {
      if let range = short.range(of: people) { short.removeSubrange(range.lowerBound...) }
    }
    for kind in ["自治州", "省", "市", "县", "区"] where short.hasSuffix(kind) && short.count > 2 {
      short.removeLast(kind.count)
      break
    }
    return short
  }
}

extension String {
  /// The first occurrence of a text.
  fileprivate func range(of text: String) -> Range<Index>? {
    var start = startIndex
    while start < endIndex {
      if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
      start = index(after: start)
    }
    return nil
  }
}
