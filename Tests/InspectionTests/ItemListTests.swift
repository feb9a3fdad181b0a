import Inspection
import TestSupport
import Testing

/// The province and two units below it.
func unit(_ text: String) throws -> UnitCode { try #require(UnitCode(text)) }

/// A general item with a cap, a key item, and one more general item without a cap of its own.
func sampleList(version: UInt64 = 2_026_010_101) throws -> ItemList {
  try ItemList(
    version: version, year: 2026, issuer: unit("530000"), effectiveFrom: day("2026-01-01"),
    items: [
      Item(
        code: "Y0101", category: "登记事项检查", name: "营业执照规范使用情况的检查", itemClass: .general,
        methods: CodeSet(known: [.onSite, .online]), levels: CodeSet(known: UnitLevel.allCases),
        capBp: 500),
      Item(
        code: "Y1101", category: "食品生产监督检查", name: "食品生产企业监督检查", itemClass: .key,
        methods: CodeSet(known: [.onSite]), levels: CodeSet(known: UnitLevel.allCases)),
      Item(
        code: "Y0301", category: "价格行为检查", name: "明码标价情况的检查", itemClass: .general,
        methods: CodeSet(known: [.onSite, .online]), levels: CodeSet(known: UnitLevel.allCases)),
    ])
}

private func basis(from: String = "2020-01-01", to: String? = nil) throws -> LegalBasis {
  LegalBasis(
    documentNumber: "云南省条例", title: "条例", article: "第三条", level: .known(.local),
    validFrom: try day(from), validTo: try to.map(day))
}

@Suite struct ItemListTests {
  private let county = "530102"
  private let prefecture = "530100"

  private func overlay(
    _ owner: String, _ code: String, _ operation: ItemOverlay.Operation, version: UInt64 = 1,
    reason: String = "地方实际", from: String = "2026-02-01"
  ) throws -> ItemOverlay {
    ItemOverlay(
      unit: try unit(owner), itemCode: code, version: version, operation: operation,
      reason: reason, effectiveFrom: try day(from))
  }

  private func local(_ code: String, _ itemClass: ItemClass = .general, bases: [LegalBasis]) -> Item
  {
    Item(
      code: code, category: "地方事项", name: "地方检查", itemClass: itemClass,
      methods: CodeSet(known: [.onSite]), levels: CodeSet(known: [.county]), bases: bases)
  }

  private func fold(
    _ prefecture: [ItemOverlay] = [], _ county: [ItemOverlay] = [], on date: String = "2026-03-01"
  ) throws -> EffectiveList {
    EffectiveList(
      base: try sampleList(), tiers: [prefecture, county], unit: try unit("530102"),
      on: try day(date), rules: RuleSet())
  }

  @Test func `without overlays the list is the province's`() throws {
    let list = try fold()
    #expect(list.entries.map(\.item) == (try sampleList()).items)
    #expect(list.breaches.isEmpty && list.disabled.isEmpty)
  }

  @Test func `二(一) R-2.2: units add, disable, tighten and narrow`() throws {
    let list = try fold(
      [
        overlay(prefecture, "Y0101", .parameters(.init(capBp: 400))),
        overlay(prefecture, "K01", .add(local("K01", bases: [basis()]))),
      ],
      [
        overlay(county, "Y0101", .parameters(.init(capBp: 300, methods: .init(known: [.onSite])))),
        overlay(county, "Y0301", .disable),
      ])
    #expect(list.breaches.isEmpty)
    #expect(list.item("Y0101")?.capBp == 300)
    #expect(list.item("Y0101")?.methods == CodeSet(known: [.onSite]))
    #expect(list.item("K01") != nil && list.item("Y0301") == nil)
    #expect(list.disabled.map(\.itemCode) == ["Y0301"])
    #expect(list.entries.first { $0.item.code == "Y0101" }?.overlays.count == 2)
  }

  @Test func `R-2.2: what a unit may not do has no effect and is reported with row and clause`()
    throws
  {
    let changed = Item(
      code: "Y1101", category: "", name: "食品生产企业监督检查", itemClass: .general,
      methods: CodeSet(known: [.onSite]), levels: CodeSet(known: [.county]), bases: [try basis()])
    let reworded = Item(
      code: "Y0101", category: "", name: "另一名称", itemClass: .general,
      methods: CodeSet(known: [.onSite]), levels: CodeSet(known: [.county]), bases: [try basis()])
    let cases: [(ItemOverlay, RuleBreach.Rule)] = [
      (
        try overlay(county, "Y0101", .parameters(.init(capBp: 501))),
        .capRaised(code: "Y0101", fromBp: 500, toBp: 501)
      ),
      (
        try overlay(county, "Y0301", .parameters(.init(capBp: 2_001))),
        .capRaised(code: "Y0301", fromBp: 2_000, toBp: 2_001)
      ),
      (
        try overlay(county, "Y1101", .parameters(.init(capBp: 5_000))),
        .capOnKeyItem(code: "Y1101")
      ),
      (
        try overlay(
          county, "Y1101", .parameters(.init(methods: .init(known: [.onSite, .online])))),
        .methodsWidened(code: "Y1101", methods: ["M3"])
      ),
      (try overlay(county, "Y1101", .add(changed)), .classChanged(code: "Y1101")),
      (try overlay(county, "Y0101", .add(reworded)), .legalTextChanged(code: "Y0101")),
      (try overlay(county, "Y0301", .disable, reason: ""), .missing(field: "调整理由")),
      (try overlay(county, "Y9999", .disable), .itemNotListed(code: "Y9999")),
      (
        try overlay(county, "K02", .add(local("K02", bases: []))),
        .noValidBasis(on: try day("2026-03-01"))
      ),
      (
        try overlay(county, "K02", .add(local("K02", bases: [basis(to: "2026-02-28")]))),
        .noValidBasis(on: try day("2026-03-01"))
      ),
    ]
    for (overlay, rule) in cases {
      let list = try fold([], [overlay])
      #expect(list.breaches == [RuleBreach(.listOverlay, row: overlay.row, rule)])
      #expect(list.entries.map(\.item) == (try sampleList()).items)
    }
  }

  @Test func `a prefecture's overlay binds its counties`() throws {
    let list = try fold(
      [overlay(prefecture, "Y0101", .parameters(.init(capBp: 400)))],
      [overlay(county, "Y0101", .parameters(.init(capBp: 450)))])
    #expect(list.item("Y0101")?.capBp == 400)
    #expect(
      list.breaches.map(\.rule) == [.capRaised(code: "Y0101", fromBp: 400, toBp: 450)])
    let gone = try fold(
      [overlay(prefecture, "Y0301", .disable)],
      [overlay(county, "Y0301", .parameters(.init(capBp: 100)))])
    #expect(gone.item("Y0301") == nil)
    #expect(gone.breaches.map(\.rule) == [.itemNotListed(code: "Y0301")])
  }

  @Test func `the newest effective version of a unit's overlay holds`() throws {
    let overlays = [
      try overlay(county, "Y0101", .parameters(.init(capBp: 100)), version: 1),
      try overlay(county, "Y0101", .parameters(.init(capBp: 450)), version: 2),
      try overlay(county, "Y0101", .disable, version: 3, from: "2026-06-01"),
    ]
    for order in [overlays, overlays.reversed()] {
      #expect(try fold([], order).item("Y0101")?.capBp == 450)
      #expect(try fold([], order, on: "2026-06-01").item("Y0101") == nil)
      #expect(try fold([], order, on: "2026-01-15").item("Y0101")?.capBp == 500)
    }
  }

  @Test func `the fold does not depend on the order of rows`() throws {
    var generator = SeededGenerator(seed: 141)
    let codes = ["Y0101", "Y0301", "Y1101", "K01", "K02"]
    for round in 0..<300 {
      var tiers: [[ItemOverlay]] = []
      for owner in [prefecture, county] {
        var overlays: [ItemOverlay] = []
        for version in 0..<UInt64(generator.below(8)) {
          let code = generator.pick(codes)
          let operation: ItemOverlay.Operation =
            switch generator.below(3) {
            case 0: .disable
            case 1: .parameters(.init(capBp: generator.below(3_000)))
            default: .add(local(code, generator.pick([.general, .key]), bases: [try basis()]))
            }
          overlays.append(try overlay(owner, code, operation, version: version / 2))
        }
        tiers.append(overlays)
      }
      let list = try fold(tiers[0], tiers[1])
      let shuffled = try fold(
        tiers[0].shuffled(using: &generator), tiers[1].shuffled(using: &generator))
      if list.entries != shuffled.entries {
        // Two overlays of one version and reason are told apart by nothing that people wrote.
        let doubled = tiers.contains { overlays in
          Set(overlays.map(\.row)).count < overlays.count
        }
        #expect(doubled, "seed 141 round \(round)")
      } else {
        #expect(list.canonicalBytes == shuffled.canonicalBytes)
      }
      for entry in list.entries where entry.item.itemClass == .general {
        #expect((entry.item.capBp(RuleSet()) ?? 0) <= 2_000, "seed 141 round \(round)")
      }
    }
  }

  @Test func `the bytes of a list tell any change of its items`() throws {
    let bytes = try fold().canonicalBytes
    #expect(bytes.starts(with: Array("TRIB/list".utf8) + [0, 0, 6]))
    let narrower = try fold([], [overlay(county, "Y0101", .parameters(.init(capBp: 499)))])
    #expect(narrower.canonicalBytes != bytes)
    #expect(try fold().canonicalBytes == bytes)
  }

  @Test func `一, R-0.1: an item needs a basis that is valid on the day`() throws {
    let item = local("K01", bases: [try basis(to: "2026-06-30")])
    #expect(item.basisBreach(on: try day("2026-06-30")) == nil)
    let late = try day("2026-07-01")
    #expect(
      item.basisBreach(on: late) == RuleBreach(.legalBasis, row: "K01", .noValidBasis(on: late)))
    #expect(local("K02", bases: []).basisBreach(on: late) == nil)
  }

  @Test func `a table of items is read, and a bad line is named`() throws {
    let header = "code,category,item,class,object,method,level,confidence,note\n"
    let text =
      header + "Y0101,登记事项检查,名称,general,企业,现场检查、网络检查,县级以上市场监管部门,H,\n"
      + "Y1504,特种设备,名称,key,机构,现场检查、书面检查,省级市场监管部门,M,须核\n"
      + "Y1501,特种设备,名称,key,单位,抽样检验,省、市级为主,M,\n"
    let list = try ItemList(
      version: 1, year: 2026, issuer: unit("530000"), effectiveFrom: day("2026-01-01"),
      table: Array(text.utf8))
    #expect(list.item("Y0101")?.levels == CodeSet(known: UnitLevel.allCases))
    #expect(list.item("Y1504")?.levels == CodeSet(known: [.province]))
    #expect(list.item("Y1501")?.levels == CodeSet(known: [.province, .prefecture]))
    #expect(list.item("Y1501")?.methods == CodeSet(known: [.sampling]))
    let row = "Y0101,a,b,general,c,现场检查,县级,H,\n"
    for bad in [row + row, "Y1,a,b,weird,c,现场检查,县级,H,\n", "Y1,a\n", "Y1,a,b,key,c,,县级,H,\n"] {
      #expect(throws: ReferenceTableError.self) {
        _ = try ItemList(
          version: 1, year: 2026, issuer: unit("530000"), effectiveFrom: day("2026-01-01"),
          table: Array((header + bad).utf8))
      }
    }
  }
}
