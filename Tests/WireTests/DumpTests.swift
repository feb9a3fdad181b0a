import Causality
import Changes
import TestSupport
import Testing
import Wire

@Suite struct DumpTests {
  @Test func `A change set is one line and one line per change`() throws {
    let columns = [3, 8].map { CarriedColumn(column: ColumnID($0), group: GroupID($0)) }
    var block = RowBlock(
      table: TableID(1_000), kind: .update, columns: columns, keyWidth: 1, hasBefore: true)
    block.cells.append(.text("91530102MA04A8AE5Y"))
    block.cells.append(.text("B"))
    block.cells.append(integer: 20)
    block.cells.append(.text("A\u{1B}[2J"))
    block.cells.append(.null)
    block.beforeDots = [[StreamDot(replica: Samples.replica(), number: 1)]]
    block.beforeIndex = [0, 0, 0]
    let header = ChangeSetHeader(
      stream: Samples.stream(), replica: Samples.replica(), number: 7,
      contextAdvance: VersionVector(),
      timestamp: HybridTimestamp(milliseconds: 1_000), schemaVersion: 2, author: "li.wei")
    let body = ChangeSetBody(
      blocks: [block],
      controls: [.suspect(StreamDot(replica: Samples.replica(), number: 3))])
    let expected = [
      #"change set 530102/both:530102-1:7 at 1000 schema 2 author "li.wei""#,
      #"  update t1000 "91530102MA04A8AE5Y" c3: "A\u{1b}[2J" → "B" c8: NULL → 20"#,
      "  suspect 530102-1:3",
    ]
    #expect(Dump.lines(of: ChangeSet(header: header, body: body)) == expected)
    let encoded = EncodedChangeSet(header: header, body: body)
    let frames =
      FrameCodec.encode(.changes(ChangesMessage(changeSets: [encoded], heads: [])))
      + FrameCodec.encode(.done)
    #expect(try Dump.lines(ofFrames: frames) == expected + ["done"])
    #expect(
      try Dump.lines(ofFrames: frames.dropLast()).last == "(6 bytes of an incomplete frame)")
  }

  @Test func `With a schema tables and columns have names, and what it does not know has numbers`()
    throws
  {
    let schema = try Schema(
      version: 1,
      tables: [
        TableDeclaration(
          id: TableID(1_000), name: "companies", scopeColumn: "division",
          key: [KeyColumn(name: "code", kind: .text)],
          columns: [ColumnDeclaration(id: 3, name: "name", kind: .text)])
      ])
    let columns = [3, 8].map { CarriedColumn(column: ColumnID($0), group: GroupID($0)) }
    var blocks: [RowBlock] = []
    for table in [1_000, 1_001] as [UInt32] {
      var block = RowBlock(
        table: TableID(table), kind: .insert, columns: columns, keyWidth: 1, hasBefore: false)
      for value in ["k", "v", "w"] { block.cells.append(.text(value)) }
      blocks.append(block)
    }
    let header = ChangeSetHeader(
      stream: Samples.stream(), replica: Samples.replica(), number: 7,
      contextAdvance: VersionVector(),
      timestamp: HybridTimestamp(milliseconds: 1_000), schemaVersion: 2, author: "li.wei")
    let changeSet = ChangeSet(header: header, body: ChangeSetBody(blocks: blocks, controls: []))
    let style = Dump.Style(schema: schema) { "\($0 / 1_000) s" }
    #expect(
      Dump.lines(of: changeSet, style) == [
        #"change set 530102/both:530102-1:7 at 1 s schema 2 author "li.wei""#,
        #"  insert companies "k" name: "v" c8: "w""#, #"  insert t1001 "k" c3: "v" c8: "w""#,
      ])
  }

  @Test(arguments: MessageKind.allCases)
  func `Every message has lines without control characters`(kind: MessageKind) throws {
    for seed in UInt64(0)..<20 {
      var random = SeededGenerator(seed: seed)
      for line in try Dump.lines(of: Samples.message(kind, &random)) {
        #expect(!line.isEmpty)
        let isPlain = line.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
        #expect(isPlain, "seed \(seed)")
      }
    }
  }
}
