import Causality
import Changes
import TestSupport
import Wire

/// The change sets of the vectors.
enum ChangeSetSamples {
  static let province = "530000-1"
  static let county = "530102-1"

  static func header(
    stream: String = "530102/both", replica: String = county, number: UInt64 = 812,
    context: [String] = [], timestamp: String = "1730000000123", schemaVersion: UInt32 = 1,
    parts: [String] = [], author: String = "li.wei", reason: String = ""
  ) throws -> ChangeSetHeader {
    ChangeSetHeader(
      stream: try StreamID(vector: stream), replica: try ReplicaID(vector: replica),
      number: number, contextAdvance: try VersionVector(vector: context),
      timestamp: try HybridTimestamp(vector: timestamp), schemaVersion: schemaVersion,
      parts: try parts.map { try TransactionPart(vector: $0) }, author: author, reason: reason)
  }

  /// One row of a block to be.
  struct Row {
    var key: [Value]
    var new: [Value] = []
    var before: [Value]?
    var dots: [[String]]?
  }

  static func block(
    _ table: UInt32, _ kind: OperationKind, _ columns: [(UInt32, UInt32)], _ rows: [Row],
    notes: [RegisterNote] = []
  ) throws -> RowBlock {
    let hasBefore = rows[0].dots != nil
    var block = RowBlock(
      table: TableID(table), kind: kind,
      columns: columns.map { CarriedColumn(column: ColumnID($0.0), group: GroupID($0.1)) },
      keyWidth: rows[0].key.count, hasBefore: hasBefore)
    for row in rows {
      for value in row.key + row.new + (row.before ?? []) { block.cells.append(value) }
      for list in row.dots ?? [] {
        let dots = try list.map { try StreamDot(vector: $0) }
        let known = block.beforeDots.firstIndex(of: dots)
        block.beforeIndex.append(UInt32(known ?? block.beforeDots.count))
        if known == nil { block.beforeDots.append(dots) }
      }
    }
    block.notes = notes
    return block
  }

  static func note(
    _ row: Int, _ group: UInt32, over: [String]? = nil, origin: Origin? = nil
  ) throws -> RegisterNote {
    RegisterNote(
      row: row, group: GroupID(group),
      over: try over.map { try $0.map { try StreamDot(vector: $0) } }, origin: origin)
  }

  /// Name, header, body: each says what it is for.
  static func all() throws -> [(name: String, header: ChangeSetHeader, body: ChangeSetBody)] {
    let plain = try header(context: ["530000-1:4"])
    let dot = try StreamDot(vector: "530102-1:5")
    let far = try StreamDot(vector: "530000.2-7:18446744073709551615")
    let hash = Digest.sha256([])
    let controls: [ControlOperation] = [
      .refuse(dot, .tableNotWritable, detail: "t1000"), .suspect(dot), .fence(far.replica),
      .retire(far.replica, last: 9), .fork(far, hash, .zero),
      .stable(try VersionVector(vector: ["530000-1:4", "530102-1:300"])),
      .unknown(code: 99, bytes: [1, 2, 3]), .unknown(code: 65_535, bytes: []),
    ]
    return try [
      ("an update of two columns, as in 3-ChangeSets", plain, try pageUpdate()),
      ("three inserts, a note, a mark, as in 3-ChangeSets", plain, try pageColumns()),
      ("a body without anything", try header(number: 1, author: ""), ChangeSetBody()),
      (
        "a header with every field",
        try header(
          stream: "530102/up", replica: "530000.2-7", number: .max,
          context: ["530000-1:4", "530102-1:300", "530102.3-2:1"],
          timestamp: "281474976710655+65535", schemaVersion: .max,
          parts: ["1/both:1", "530102/up:18446744073709551615", "999999/down:7"],
          author: "unattributed", reason: "导入"), ChangeSetBody()
      ),
      ("control operations, two of later versions", plain, ChangeSetBody(controls: controls)),
      ("a delete with dots of others", plain, ChangeSetBody(blocks: [try deletes()])),
      ("an update without columns: the row lives", plain, ChangeSetBody(blocks: [try touches()])),
      ("blocks of one table, groups, keys of two columns", plain, try shapes()),
      ("copies with origins, empty over", plain, ChangeSetBody(blocks: [try copies()])),
      ("forty rows, every class and mode", plain, ChangeSetBody(blocks: [try columns()])),
      ("twenty updates, values before near the new ones", plain, try updates()),
    ] + (0..<12).map { try random(seed: UInt64($0)) }
  }

  static func pageUpdate() throws -> ChangeSetBody {
    ChangeSetBody(blocks: [
      try block(
        1_000, .update, [(3, 3), (8, 8)],
        [
          Row(
            key: [.text("91530102MA04A8AE5Y")],
            new: [.text("B"), .integer(1_730_000_000_000)],
            before: [.text("A"), .integer(1_700_000_000_000)],
            dots: [["530102-1:1"], ["530102-1:1"], ["530102-1:1"]])
        ])
    ])
  }

  static func pageColumns() throws -> ChangeSetBody {
    ChangeSetBody(
      blocks: [
        try block(
          7, .insert, [(1, 1)],
          [
            Row(key: [.integer(10)], new: [.text("no")]),
            Row(key: [.integer(20)], new: [.null]),
            Row(key: [.integer(40)], new: [.text("yes")]),
          ], notes: [try note(2, 1, over: ["530102-1:5"])])
      ], controls: [.suspect(try StreamDot(vector: "530102-1:9"))])
  }

  private static func touches() throws -> RowBlock {
    try block(
      1_001, .update, [],
      [
        Row(key: [.blob([0])], before: [], dots: [["530000-1:4", "530102-1:811"]]),
        Row(key: [.blob([1])], before: [], dots: [["530102-1:1"]]),
      ], notes: [try note(0, 0, over: ["530000-1:4", "530102-1:811"])])
  }

  private static func deletes() throws -> RowBlock {
    try block(
      1_001, .delete, [],
      [
        Row(key: [.blob([0])], before: [], dots: [["530000-1:4", "530102-1:811"]]),
        Row(key: [.blob([0, 0])], before: [], dots: [["530102-1:1"]]),
        Row(key: [.blob([0, 1])], before: [], dots: [[]]),
        Row(key: [.blob([1])], before: [], dots: [["530000-1:4", "530102-1:811"]]),
      ])
  }

  private static func shapes() throws -> ChangeSetBody {
    let key: [Value] = [.text("计划\u{0}"), .integer(-1)]
    return ChangeSetBody(blocks: [
      try block(
        1_002, .insert, [(1, 1), (2, 1), (4_000_000_000, 4_000_000_000)],
        [Row(key: key, new: [.integer(.min), .real(bits: 1 << 63), .text("")])]),
      try block(
        1_002, .insert, [(1, 1), (2, 2)],
        [Row(key: [.text("计划\u{0}"), .integer(7)], new: [.integer(.max), .blob([])])]),
      try block(
        1_002, .update, [(2, 1)],
        [
          Row(
            key: [.text("a"), .integer(0)], new: [.null], before: [.integer(1)],
            dots: [["530000-1:4"], ["530000-1:1"]])
        ]),
      try block(4_294_967_295, .insert, [], [Row(key: [.text("only a key")])]),
    ])
  }

  private static func copies() throws -> RowBlock {
    let origin = Origin(
      dot: try Dot(vector: "530103/both:530103.1-2:44"),
      timestamp: HybridTimestamp(milliseconds: 1_729_999_999_999, counter: 3), author: "王芳")
    return try block(
      1_000, .insert, [(1, 1), (2, 2)],
      [
        Row(key: [.integer(1)], new: [.text("迁入"), .null]),
        Row(key: [.integer(2)], new: [.null, .text("迁入")]),
      ],
      notes: [
        try note(0, 0, origin: origin), try note(0, 1, over: [], origin: origin),
        try note(0, 2, over: ["530000-1:3", "530102-1:7"]), try note(1, 0, over: []),
      ])
  }

  /// Each column has one reason to be coded as it is.
  private static func columns() throws -> RowBlock {
    let streets = ["人民中路", "北京路", "环城东路", "振兴路"]
    let rows = (0..<40).map { row in
      let number = Int64(row)
      let other: Value =
        switch row % 5 {
        case 0: .null
        case 1: .integer(number * number)
        case 2: .real(bits: 4_607_182_418_800_017_408 + UInt64(row))
        case 3: .text("项\(row)")
        default: .blob([UInt8(row), 0])
        }
      return Row(
        key: [.text(SampleCode.creditCode(row * row))],
        new: [
          .integer(42), .integer(1_000 + number * 25), .integer(number * number * 65_537 - 9),
          .integer(number.isMultiple(of: 2) ? .max : .min),
          .integer(1_730_000_000_000 - number * 1_000), .text(["A", "B", "C"][row % 3]),
          .text(
            "云南省昆明市盘龙区\(streets[row % 4])\(row * 7)号附\(row % 9)号昆明市盘龙区市场监督管理局登记"
              + "有限公司经营部第\(row)分公司"),
          .text("plain \(row * 7_919 % 1_000)"), .text("138\(10_000_000 + row * 37)"),
          .blob([UInt8](repeating: UInt8(row), count: row % 4)), other,
          .text(String(repeating: "同", count: 30)), .text(SampleCode.creditCode(5_000 - row)),
          .real(bits: 4_614_253_070_214_989_087),
        ])
    }.sorted { left, right in
      guard let left = RowKey(left.key), let right = RowKey(right.key) else { return false }
      return left < right
    }
    return try block(1_000, .insert, (1...14).map { ($0, $0) }, rows)
  }

  private static func updates() throws -> ChangeSetBody {
    let rows = (0..<20).map { row in
      let number = Int64(row)
      return Row(
        key: [.text("row \(100 + row)")],
        new: [.integer(1_000_000 * number + 3), .text(row.isMultiple(of: 2) ? "合格" : "不合格")],
        before: [.integer(1_000_000 * number), row == 3 ? .null : .text("未检查")],
        dots: [["530102-1:1"], ["530102-1:\(800 + row % 3)"], ["530102-1:1"]])
    }
    return ChangeSetBody(blocks: [try block(1_000, .update, [(2, 2), (5, 5)], rows)])
  }
}
