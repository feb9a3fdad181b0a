package import Causality
import Changes

/// Files of source rows: companies, inspectors, results, as plain tables.
package enum SourceFile {
  /// The sizes of one county, the unit of the bootstrap figures. Source: performance.md §1, 5a.
  package static let countyRows = (companies: 40_000, inspectors: 300, results: 5_000)

  /// Writes a file of made-up rows, replacing an older one; the same rows for the same sizes.
  package static func generate(
    _ path: String, counties: [Scope], companies: Int, inspectors: Int, results: Int
  ) throws(BenchError) {
    let file = try PlainFile(path: path, isNew: true)
    try file.execute(schema)
    try file.execute("BEGIN")
    var generator = CompanyGenerator(counties: counties)
    var keys: [Value] = []
    var left = companies
    while left > 0 {
      var rows = CellTable(width: CompanyColumn.allCases.count)
      generator.append(min(left, 4_096), to: &rows)
      left -= rows.rowCount
      try file.insert(into: "companies", rows)
      if keys.count < results {
        keys += (0..<rows.rowCount).map { rows.value($0, CompanyColumn.uscc.rawValue) }
      }
    }
    let county = counties[0]
    try file.insert(into: "inspectors", CountyRecords.inspectors(inspectors, county: county))
    try file.insert(
      into: "results",
      CountyRecords.results(results, keys: keys, inspectors: inspectors, county: county))
    try file.execute("COMMIT")
  }

  /// Copies the first `companies` companies and all inspectors and results of a source file into a new
  /// plain database.
  package static func copy(_ source: String, to path: String, companies: Int) throws(BenchError) {
    let file = try PlainFile(path: path, isNew: true)
    try file.execute(schema)
    try file.attach(source)
    try file.execute("BEGIN")
    try file.execute(
      "INSERT INTO companies SELECT * FROM source.companies ORDER BY rowid LIMIT \(companies)")
    try file.execute("INSERT INTO inspectors SELECT * FROM source.inspectors")
    try file.execute("INSERT INTO results SELECT * FROM source.results")
    try file.execute("COMMIT")
  }

  static let schema = """
    CREATE TABLE companies(uscc TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL DEFAULT '',
      address TEXT NOT NULL DEFAULT '', county TEXT NOT NULL DEFAULT '',
      credit TEXT NOT NULL DEFAULT 'B', legal_rep TEXT NOT NULL DEFAULT '',
      status TEXT NOT NULL DEFAULT '', phone TEXT, capital INTEGER,
      updated_at INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX companies_county ON companies(county);
    CREATE TABLE inspectors(id TEXT PRIMARY KEY NOT NULL, name TEXT NOT NULL DEFAULT '',
      county TEXT NOT NULL DEFAULT '', cert_no TEXT, phone TEXT, rank TEXT,
      updated_at INTEGER NOT NULL DEFAULT 0);
    CREATE TABLE results(id TEXT PRIMARY KEY NOT NULL, uscc TEXT NOT NULL DEFAULT '',
      inspector TEXT NOT NULL DEFAULT '', county TEXT NOT NULL DEFAULT '', item TEXT, verdict TEXT,
      remark TEXT, inspected_on TEXT, updated_at INTEGER NOT NULL DEFAULT 0);
    """
}

/// Inspectors and inspection results of one county.
enum CountyRecords {
  static func inspectors(_ count: Int, county: Scope) -> CellTable {
    var random = BenchRandom(seed: 1_000_000 + UInt64(county.code))
    var rows = CellTable(width: 7)
    for index in 0..<count {
      rows.append(.text("I\(county)\(padded(index, 5))"))
      rows.append(.text(CompanyGenerator.person(&random)))
      rows.append(.text("\(county)"))
      rows.append(.text("ZF\(county.code / 100)\(padded(random.next(below: 1_000_000), 6))"))
      rows.append(.text("13\(padded(random.next(below: 1_000_000_000), 9))"))
      rows.append(.text(["一级", "二级", "三级", "四级"][random.next(below: 4)]))
      rows.append(integer: 1_700_000_000_000 + Int64(index) * 1_000)
    }
    return rows
  }

  private static let items = [
    "公示信息抽查", "产品质量监督抽查", "食品安全检查", "特种设备检查", "广告检查", "价格检查", "消防联合检查", "登记事项检查",
  ]
  private static let verdicts = WeightedWords(
    ["未发现问题", "未按规定公示年报", "通过登记住所无法联系", "发现问题已责令改正", "不配合检查情节严重", "发现问题待后续处理"],
    weights: [70, 8, 7, 9, 1, 5])

  static func results(_ count: Int, keys: [Value], inspectors: Int, county: Scope) -> CellTable {
    var random = BenchRandom(seed: 2_000_000 + UInt64(county.code))
    var rows = CellTable(width: 9)
    for index in 0..<count where !keys.isEmpty && inspectors > 0 {
      rows.append(.text("R\(county)\(padded(index, 7))"))
      rows.append(keys[random.next(below: keys.count)])
      rows.append(.text("I\(county)\(padded(random.next(below: inspectors), 5))"))
      rows.append(.text("\(county)"))
      rows.append(.text(items[random.next(below: items.count)]))
      rows.append(.text(verdicts.pick(&random)))
      let days = [7, 15, 30][random.next(below: 3)]
      rows.append(random.chance(70) ? .null : .text("已现场告知，限\(days)日内整改"))
      let (month, day) = (random.next(in: 1...12), random.next(in: 1...28))
      rows.append(.text("2026-\(padded(month, 2))-\(padded(day, 2))"))
      rows.append(integer: 1_700_000_000_000 + Int64(index) * 7_000)
    }
    return rows
  }

  private static func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
