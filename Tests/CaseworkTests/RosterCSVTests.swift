import Casework
import Causality
import Changes
import Testing

@Suite struct RosterCSVTests {
  private let wuhua = Scope(code: 530_102)

  private func read(
    _ bytes: [UInt8], table: RosterTable = .companies,
    options: RosterCSV.Options = RosterCSV.Options(division: Scope(code: 530_102))
  ) throws -> (records: [RosterRecord], reader: RosterReader) {
    var reader = try RosterReader(
      bytes, table: table, divisions: try DivisionTree.builtIn(), options: options)
    var records: [RosterRecord] = []
    while true {
      let batch = reader.nextBatch(7)
      if batch.isEmpty { return (records, reader) }
      records += batch
    }
  }

  private func read(_ text: String) throws -> (records: [RosterRecord], reader: RosterReader) {
    try read(Array(text.utf8))
  }

  private func text(_ record: RosterRecord, _ field: RosterField) -> String? {
    record.values.first { $0.column == field.id }?.value.description
  }

  private let good = "91350100M000100Y43"
  private let other = "11500233MB1938818C"
  private let third = "9144030071526726XG"

  @Test func `Chinese and English headers name the same columns`() throws {
    let chinese = try read("统一社会信用代码,名称,登记状态,信用风险分类,分类月份\r\n\(good),甲公司,存续（在营、开业、在册）,A,2026年1月\r\n")
    let english = try read(
      "\u{FEFF}Subject_Code,name,registration_state,credit_class,credit_month,x\n\(good.lowercased()),甲公司,active,信用风险低,202601,1\n"
    )
    #expect(chinese.records == english.records)
    #expect(english.reader.ignoredColumns == ["x"])
    let record = try #require(chinese.records.first)
    #expect(record.key == [.text(good)])
    #expect(record.scope == wuhua)
    #expect(text(record, CompanyFields.registrationState) == "ACTIVE")
    #expect(text(record, CompanyFields.creditMonth) == "2026-01")
    #expect(chinese.reader.problems == ProblemList())
  }

  @Test func `quotes, commas and line ends within a field are kept`() throws {
    let result = try read(
      "subject_code,name,registered_address,phone\r\n\(good),\"甲,\"\"乙\"\"\",\"一楼\r\n二楼\",\"\"\n\(other),丙,丁,1\n"
    )
    #expect(result.records.count == 2)
    #expect(text(result.records[0], CompanyFields.name) == "甲,\"乙\"")
    #expect(text(result.records[0], CompanyFields.registeredAddress) == "一楼\r\n二楼")
    #expect(text(result.records[0], CompanyFields.phone) == nil)
    #expect(result.records.map(\.line) == [2, 4])
  }

  @Test func `each bad line is reported with its number and the rest goes in`() throws {
    var bytes = Array("subject_code,name,established_on\n".utf8)  // 1
    bytes += Array("\(good),\"甲,2020-01-01\n".utf8)  // 2: never closed
    bytes += Array("\(other),乙\n".utf8)  // 3: a field is missing
    bytes += Array("\(third),丙,2020-02-30\n".utf8)  // 4: no such day
    bytes += Array("\(good),\"丁\"x,2020-01-01\n".utf8)  // 5: text behind a quote
    bytes += Array("\(good),戊".utf8) + [0xFF, 0xFE] + Array(",2020-01-01\n".utf8)  // 6
    bytes += Array("\(good),己\0,2020-01-01\n".utf8)  // 7
    bytes += Array("123,庚,2020-01-01\n".utf8)  // 8
    bytes += Array(",辛,2020-01-01\n".utf8)  // 9
    bytes += Array("\n,,\n".utf8)  // 10, 11: blank
    bytes += Array("\(good),\(String(repeating: "长", count: 400)),2020-01-01\n".utf8)  // 12
    bytes += Array("91350203M0001QAY9B,壬,2020/2/29".utf8)  // 13: goes in with a warning
    let result = try read(bytes)
    #expect(result.records.map(\.line) == [13])
    let listed = result.reader.problems.listed
    #expect(listed.map(\.line) == [2, 3, 4, 5, 6, 7, 8, 9, 12, 13])
    #expect(
      listed.map(\.fault) == [
        .strayQuote, .columnCount(found: 2, expected: 3), .unreadable("2020-02-30"), .strayQuote,
        .notText, .zeroByte, .keyMalformed("123"), .keyMissing,
        .fieldTooLong(bytes: 1_200, limit: 600), .checkCharacter("91350203M0001QAY9B"),
      ])
    #expect(result.reader.problems.rejectedCount == 9)
    #expect(result.reader.problems.warningCount == 1)
  }

  @Test func `an unclosed quote at the end costs one line`() throws {
    let result = try read("subject_code,name\n\(good),\"甲\n\(other),乙\n\(third),丙\n")
    #expect(result.reader.problems.listed == [LineProblem(line: 2, .quoteNotClosed)])
    #expect(result.records.map(\.line) == [3, 4])
  }

  @Test func `a line of 10 MB is passed over`() throws {
    let long = String(repeating: "x", count: 10_000_000)
    let result = try read("subject_code,name\n\(good),\(long)\n\(other),乙\n")
    #expect(result.reader.problems.listed == [LineProblem(line: 2, .tooLong)])
    #expect(result.records.map(\.line) == [3])
  }

  @Test func `files without a usable header are refused`() throws {
    let missing = CaseworkError.headerUnusable(missing: ["subject_code"], repeated: [])
    for text in [
      "", "\n\n", "\u{FEFF}", "名称,电话\n甲,1\n", "\"subject_code,name\n", "subject_code;name\n",
    ] {
      #expect(throws: missing) { try read(text) }
    }
    #expect(throws: CaseworkError.headerUnusable(missing: [], repeated: ["名称"])) {
      try read("subject_code,name,名称\n")
    }
    #expect(try read("subject_code,name").records.isEmpty)
  }

  @Test func `a byte order mark is no part of the first header, in either encoding`() throws {
    let text: [FileEncoding: [UInt8]] = [
      .utf8: Array("division,subject_code\n530102,530100600006873\n".utf8),
      .gb18030: Array("division,subject_code\n530102,530100600006873\n".utf8),
    ]
    for (encoding, bytes) in text {
      let marked = encoding.byteOrderMark + bytes
      #expect(FileEncoding.detected(marked) == encoding)
      var reader = try RosterReader(
        marked, table: .companies, divisions: try DivisionTree.builtIn())
      #expect(reader.ignoredColumns.isEmpty)
      #expect(reader.next()?.scope == Scope(code: 530102), "\(encoding)")
    }
  }

  @Test func `a code or its word that the province issued is taken without a warning`() throws {
    let options = RosterCSV.Options(division: wuhua, codes: ["kind": ["FUND": "基金"]])
    for (word, count) in [("FUND", 0), ("基金", 0), ("OTHERS", 1)] {
      var reader = try RosterReader(
        Array("subject_code,kind\n\(good),\(word)\n".utf8), table: .companies,
        divisions: try DivisionTree.builtIn(), options: options)
      let next = reader.next()
      let record = try #require(next)
      #expect(text(record, CompanyFields.kind) == (count == 0 ? "FUND" : word))
      #expect(reader.problems.warningCount == count, "\(word)")
    }
  }

  @Test func `GBK is detected and told`() throws {
    var writer = try RosterWriter(
      .companies, style: RosterWriter.Style(encoding: .gb18030, isChinese: true))
    writer.append(
      scope: try #require(wuhua), key: [.text(good)],
      values: CompanyFields.all.map { $0.name == "name" ? .text("云南㐂镕𠮷茶业有限公司") : .null })
    let bytes = writer.takeBytes()
    #expect(FileEncoding.detected(bytes) == .gb18030)
    let result = try read(bytes)
    #expect(result.reader.encoding == .gb18030)
    #expect(result.records.map { text($0, CompanyFields.name) } == ["云南㐂镕𠮷茶业有限公司"])
    // GBK of 名称 and of 统一社会信用代码, written down from the standard's table.
    let header: [UInt8] = [0xC3, 0xFB, 0xB3, 0xC6, 0x2C]
    let file = header + Array("subject_code\n".utf8) + [0xBC, 0xD7, 0x2C] + Array(good.utf8)
    let plain = try read(file)
    #expect(plain.records.map { text($0, CompanyFields.name) } == ["甲"])
    let told = RosterCSV.Options(encoding: .utf8, division: wuhua)
    #expect(throws: CaseworkError.headerUnusable(missing: ["subject_code"], repeated: [])) {
      try read([0xC3, 0xFB, 0x2C] + file, options: told)
    }
  }

  @Test func `one damaged line does not turn a file of UTF-8 into wrong characters`() throws {
    let lines = "subject_code,name\n\(good),甲公司\n\(other),乙公司\n"
    let bytes = Array(lines.utf8) + Array("\(third),".utf8) + [0xBC, 0xD7, 0x0A]
    let result = try read(bytes)
    #expect(result.reader.encoding == .utf8)
    #expect(result.records.map(\.line) == [2, 3])
    #expect(result.reader.problems.listed == [LineProblem(line: 4, .notText)])
  }

  @Test(arguments: FileEncoding.allCases, [true, false])
  func `a generated roster comes back as it went out`(
    encoding: FileEncoding, isChinese: Bool
  ) throws {
    let generator = RosterGenerator(
      seed: 5, partsPerMillion: 20_000, divisions: try DivisionTree.builtIn())
    let scope = try #require(Scope(code: 533_324))
    let roster = try #require(generator.roster(of: scope))
    var table = CellTable(width: DivisionRoster.companyWidth)
    roster.appendCompanies(0..<roster.companyCount, to: &table)
    var writer = try RosterWriter(
      .companies, style: RosterWriter.Style(encoding: encoding, isChinese: isChinese))
    var bytes: [UInt8] = []
    for row in 0..<table.rowCount {
      writer.append(
        scope: scope, key: [table.value(row, 0)],
        values: (1..<table.width).map { table.value(row, $0) })
      if row % 50 == 0 { bytes += writer.takeBytes() }
    }
    bytes += writer.takeBytes()
    let result = try read(bytes, options: RosterCSV.Options())
    #expect(result.reader.problems == ProblemList())
    #expect(result.reader.encoding == encoding)
    #expect(result.records.count == table.rowCount)
    for (row, record) in result.records.enumerated() {
      #expect(record.key == [table.value(row, 0)])
      let expected = CompanyFields.all.indices.compactMap { index -> ColumnValue? in
        let value = table.value(row, index + 1)
        return value == .null ? nil : ColumnValue(CompanyFields.all[index].id, value)
      }
      #expect(record.values == expected)
    }
  }

  @Test(arguments: ["=1+1", "+86 138", "-", "@x", "'=1", "''+", "'甲", "a=b"])
  func `formulas are disarmed in the file and whole after reading`(content: String) throws {
    var writer = try RosterWriter(.companies)
    writer.append(
      scope: try #require(wuhua), key: [.text(good)],
      values: CompanyFields.all.map { $0.name == "name" ? .text(content) : .null })
    let bytes = writer.takeBytes()
    let fields = String(decoding: bytes, as: UTF8.self).split(separator: ",")
    #expect(fields.allSatisfy { !["=", "+", "-", "@"].contains($0.prefix(1)) })
    #expect(try read(bytes).records.map { text($0, CompanyFields.name) } == [content])
  }

  @Test func `rows name their division by code or name, and foreign ones are reported`() throws {
    let file = Array(
      "区划代码,统一社会信用代码\n530102,\(good)\n盘龙区,\(other)\n火星区,\(third)\n".utf8)
    let options = RosterCSV.Options(writer: wuhua)
    let result = try read(file, options: options)
    #expect(result.records.map(\.line) == [2])
    #expect(
      result.reader.problems.listed.map(\.fault) == [
        .divisionNotWritable("530103"), .divisionUnknown("火星区"),
      ])
    let city = RosterCSV.Options(writer: Scope(code: 530_100))
    #expect(try read(file, options: city).records.map(\.line) == [2, 3])
  }

  @Test func `inspectors are keyed by code or certificate`() throws {
    let file = "姓名,执法证号,执法证有效期,在岗状态,月工作量上限\n王云,53010200001,20280131,在岗,8.0\n李山,,,在岗,\n"
    let result = try read(
      Array(file.utf8), table: .inspectors, options: RosterCSV.Options(division: wuhua))
    #expect(result.records.map(\.key) == [[.text("53010200001")]])
    #expect(text(result.records[0], InspectorFields.certificateValidTo) == "2028-01-31")
    #expect(text(result.records[0], InspectorFields.maximumVisitsPerMonth) == "8")
    #expect(result.reader.problems.listed.map(\.fault) == [.keyMissing])
  }

  @Test func `no bytes make the reader trap`() throws {
    let pieces = [
      "\"", "\"\"", ",", "\n", "\r", "\r\n", good, "名称", "=", "'", "\u{301}", "\0", " ",
    ]
    for seed in UInt64(1)...300 {
      var state = seed
      var bytes = Array("subject_code,name\n".utf8)
      for _ in 0..<60 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        let index = Int(state >> 33) % (pieces.count + 2)
        bytes += index < pieces.count ? Array(pieces[index].utf8) : [UInt8(state >> 56)]
      }
      for encoding in FileEncoding.allCases {
        let result = try read(
          bytes, options: RosterCSV.Options(encoding: encoding, division: wuhua))
        let lines = result.records.map(\.line)
        #expect(lines == lines.sorted(), "seed \(seed)")
      }
    }
  }
}
