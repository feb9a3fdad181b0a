internal import Casework
internal import Causality
internal import Simulator

/// The divisions of a scenario: a tree with names, hubs before their children.
package struct Territory: Hashable, Sendable {
  /// One division, which has one node.
  package struct Division: Hashable, Sendable {
    package let code: Int
    /// As on maps: Chinese for real ones.
    package let name: String
    /// Place of the division above; nil for the top.
    package let hub: Int?
    /// 0 for the top.
    package let tier: Int
    /// Its weight of work: 1,000 for an average county, 0 above counties.
    var weight: Int
  }

  package private(set) var divisions: [Division] = []
  /// Singular names of tiers from the top: `province`.
  package let tierNames: [String]

  var nodes: [Plan.Node] {
    divisions.map { Plan.Node(division: $0.code, parent: $0.hub.map { divisions[$0].code } ?? 0) }
  }

  /// Places of divisions without any below them.
  var leaves: [Int] {
    let hubs = Set(divisions.compactMap(\.hub))
    return divisions.indices.filter { !hubs.contains($0) }
  }

  /// The node of the tier at or above a place.
  func ancestor(of place: Int, tier: Int) -> Int {
    var next = place
    while divisions[next].tier > tier, let hub = divisions[next].hub { next = hub }
    return next
  }

  /// A place and all below it, ascending.
  func subtree(_ top: Int) -> [Int] {
    var isIn: Set = [top]
    for (place, division) in divisions.enumerated() {
      if let hub = division.hub, isIn.contains(hub) { isIn.insert(place) }
    }
    return isIn.sorted()
  }

  /// Names from below the top, for people: `怒江傈僳族自治州 / 贡山独龙族怒族自治县`.
  package func fullName(_ place: Int) -> String {
    guard let hub = divisions[place].hub, divisions[hub].hub != nil else {
      return divisions[place].name
    }
    return fullName(hub) + " / " + divisions[place].name
  }

  /// Several tiers' plural: `counties`.
  package func tierName(_ tier: Int, count: Int = 2) -> String {
    let name = tierNames[min(tier, tierNames.count - 1)]
    if count == 1 { return name }
    return name.hasSuffix("y") ? name.dropLast() + "ies" : name + "s"
  }

  // MARK: real and generated ones

  /// Yunnan as the program carries it; with `prefectures`, only those of these names or codes.
  static func yunnan(prefectures: [String]) throws(ScenarioError) -> Territory {
    let tree: DivisionTree
    do throws(CaseworkError) { tree = try DivisionTree.builtIn() } catch {
      throw ScenarioError(path: "tree", problem: "\(error)", advice: "build the program anew")
    }
    var kept: Set<Scope> = []
    for (index, name) in prefectures.enumerated() {
      guard let found = tree.divisions(named: name).first(where: { $0.level == .prefecture }) else {
        throw ScenarioError(
          path: "tree.prefectures[\(index)]", problem: "'\(name)' is no prefecture of Yunnan",
          advice: "use a full name such as 怒江傈僳族自治州, or its code")
      }
      kept.insert(found.scope)
    }
    let generator = RosterGenerator(seed: 1, partsPerMillion: 1_000_000, divisions: tree)
    let average = max(1, generator.companyCount / max(1, tree.counties.count))
    var territory = Territory(tierNames: ["province", "prefecture", "county"])
    for level in DivisionLevel.allCases {
      for division in tree.divisions where division.level == level {
        let above = level == .county ? division.parent : level == .prefecture ? division.scope : nil
        if let above, !kept.isEmpty, !kept.contains(above) { continue }
        let size = level == .county ? generator.roster(of: division.scope)?.companyCount ?? 0 : 0
        territory.append(
          Int(division.scope.code), division.name, above: division.parent.map { Int($0.code) },
          weight: size * 1_000 / average)
      }
    }
    return territory
  }

  /// The country by numbers: 1 + 31 + 333 + 2,844 nodes. Real are the names of the provinces and how many
  /// prefectures and counties each has (2020); the names below are numbers.
  static func national() -> Territory {
    var territory = Territory(tierNames: ["country", "province", "prefecture", "county"])
    territory.append(1, "全国", above: nil, weight: 0)
    for province in provinces {
      territory.append(province.code * 10_000, province.name, above: 1, weight: 0)
    }
    for province in provinces {
      for number in 0..<province.prefectures {
        territory.append(
          province.code * 10_000 + (number + 1) * 100, "\(province.short)地\(number + 1)",
          above: province.code * 10_000, weight: 0)
      }
    }
    for province in provinces {
      for number in 0..<province.counties {
        let group = province.prefectures == 0 ? 0 : number % province.prefectures + 1
        let place = province.prefectures == 0 ? number + 1 : number / province.prefectures + 1
        let name = group == 0 ? "\(province.short)县\(place)" : "\(province.short)地\(group)县\(place)"
        territory.append(
          province.code * 10_000 + group * 100 + place, name,
          above: province.code * 10_000 + group * 100, weight: 1_000)
      }
    }
    return territory
  }

  /// Divisions as a scenario lists them, hubs before their children.
  static func listed(_ list: [(code: Int, name: String, above: Int?)]) throws(ScenarioError)
    -> Territory
  {
    var territory = Territory(tierNames: [
      "top", "second tier", "third tier", "fourth tier", "fifth tier",
    ])
    for (index, entry) in list.enumerated() {
      func fail(_ problem: String, _ advice: String) -> ScenarioError {
        ScenarioError(path: "tree.divisions[\(index)]", problem: problem, advice: advice)
      }
      guard territory.place(entry.code) == nil else {
        throw fail("the code \(entry.code) is used twice", "give each division a code of its own")
      }
      guard (index == 0) == (entry.above == nil) else {
        throw fail(
          index == 0 ? "the first division has another above it" : "only the first may be the top",
          "list the top first, and give 'above' for all others")
      }
      if let above = entry.above, territory.place(above) == nil {
        throw fail("the division \(above) above it is not listed before it", "list it before")
      }
      territory.append(entry.code, entry.name, above: entry.above, weight: 0)
    }
    for leaf in territory.leaves { territory.divisions[leaf].weight = 1_000 }
    return territory
  }

  private init(tierNames: [String]) { self.tierNames = tierNames }

  private var places: [Int: Int] = [:]

  func place(_ code: Int) -> Int? { places[code] }

  /// The divisions of that full name or code.
  func places(named text: String) -> [Int] {
    if let code = Int(text) { return place(code).map { [$0] } ?? [] }
    return divisions.indices.filter { divisions[$0].name == text }
  }

  private mutating func append(_ code: Int, _ name: String, above: Int?, weight: Int) {
    let hub = above.flatMap { places[$0] }
    places[code] = divisions.count
    divisions.append(
      Division(
        code: code, name: name, hub: hub, tier: hub.map { divisions[$0].tier + 1 } ?? 0,
        weight: weight))
  }

  /// Code of GB/T 2260, name, short name, prefectures and counties of 31 provinces in 2020.
  private static let provinces:
    [(code: Int, name: String, short: String, prefectures: Int, counties: Int)] = [
      (11, "北京市", "京", 0, 16), (12, "天津市", "津", 0, 16), (13, "河北省", "冀", 11, 167),
      (14, "山西省", "晋", 11, 117), (15, "内蒙古自治区", "蒙", 12, 103), (21, "辽宁省", "辽", 14, 100),
      (22, "吉林省", "吉", 9, 60), (23, "黑龙江省", "黑", 13, 121), (31, "上海市", "沪", 0, 16),
      (32, "江苏省", "苏", 13, 95), (33, "浙江省", "浙", 11, 90), (34, "安徽省", "皖", 16, 104),
      (35, "福建省", "闽", 9, 84), (36, "江西省", "赣", 11, 100), (37, "山东省", "鲁", 16, 136),
      (41, "河南省", "豫", 17, 158), (42, "湖北省", "鄂", 13, 103), (43, "湖南省", "湘", 14, 122),
      (44, "广东省", "粤", 21, 122), (45, "广西壮族自治区", "桂", 14, 111), (46, "海南省", "琼", 4, 25),
      (50, "重庆市", "渝", 0, 38), (51, "四川省", "川", 21, 183), (52, "贵州省", "黔", 9, 88),
      (53, "云南省", "滇", 16, 129), (54, "西藏自治区", "藏", 7, 74), (61, "陕西省", "陕", 10, 107),
      (62, "甘肃省", "甘", 14, 86), (63, "青海省", "青", 8, 44), (64, "宁夏回族自治区", "宁", 5, 22),
      (65, "新疆维吾尔自治区", "新", 14, 107),
    ]
}
