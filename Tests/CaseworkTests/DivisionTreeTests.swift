import Casework
import Causality
import Changes
import Testing

@Suite struct DivisionTreeTests {
  @Test func `the built-in table holds 1 province, 16 prefectures and 129 counties`() throws {
    let tree = try DivisionTree.builtIn()
    #expect(tree.divisions.count == 146)
    #expect(tree.divisions.filter { $0.level == .province }.count == 1)
    #expect(tree.divisions.filter { $0.level == .prefecture }.count == 16)
    #expect(tree.counties.count == 129)
    for division in tree.divisions {
      let depth = tree.scopes.tier(of: division.scope)?.depth
      switch division.level {
      case .province: #expect(depth == 0)
      case .prefecture: #expect(depth == 1)
      case .county: #expect(depth == 2)
      }
    }
  }

  @Test func `codes and names find a division`() throws {
    let tree = try DivisionTree.builtIn()
    let wuhua = try #require(Scope("530102"))
    #expect(tree.division(wuhua)?.name == "五华区")
    #expect(tree.fullName(wuhua) == "云南省昆明市五华区")
    #expect(tree.divisions(named: "贡山独龙族怒族自治县").map(\.scope.code) == [533324])
    #expect(tree.divisions(named: "530100").map(\.name) == ["昆明市"])
    #expect(tree.division(try #require(Scope("110000"))) == nil)
  }

  @Test(arguments: [
    "code,name,parent,level\n530000,云南省,,province\n5301x0,昆明市,530000,prefecture\n",
    "code,name,parent,level\n530000,云南省,,province\n530100,昆明市,530000\n",
    "code,name,parent,level\n530000,云南省,,province\n530100,,530000,prefecture\n",
    "code,name,parent,level\n530000,云南省,,province\n530100,昆明市,540000,prefecture\n",
    "code,name,parent,level\n530000,云南省,,land\n", "code,name,parent,level\n", "",
  ])
  func `a damaged table is refused`(text: String) {
    #expect(throws: CaseworkError.self) { try DivisionTree(csv: Array(text.utf8)) }
  }
}
