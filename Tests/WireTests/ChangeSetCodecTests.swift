import Causality
import Changes
import TestSupport
import Testing
import Wire

@Suite struct ChangeSetCodecTests {
  @Test(arguments: 0..<150)
  func `Change sets come back equal and encode to the same bytes again`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let sample = Samples.changeSet(&random)
    for block in sample.body.blocks { block.checkInvariants() }
    let header = ChangeSetCodec.encodeHeader(sample.header)
    #expect(try ChangeSetCodec.decodeHeader(header) == sample.header, "seed \(seed)")
    let body = ChangeSetCodec.encodeBody(sample.body, of: sample.header)
    let decoded = try ChangeSetCodec.decodeBody(body, of: sample.header)
    #expect(decoded == sample.body, "seed \(seed)")
    for block in decoded.blocks { block.checkInvariants() }
    #expect(ChangeSetCodec.encodeBody(decoded, of: sample.header) == body, "seed \(seed)")
    let encoded = EncodedChangeSet(header: sample.header, body: sample.body)
    #expect(try encoded.decoded() == sample, "seed \(seed)")
    #expect(try encoded.canonicalBody() == body, "seed \(seed)")
  }

  @Test(arguments: 0..<16)
  func `Every truncated body throws`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let sample = Samples.changeSet(&random)
    let body = ChangeSetCodec.encodeBody(sample.body, of: sample.header)
    for length in stride(from: 0, to: body.count, by: max(1, body.count / 200)) {
      #expect(throws: WireError.self, "seed \(seed), length \(length)") {
        try ChangeSetCodec.decodeBody(body[..<length], of: sample.header)
      }
    }
    let header = ChangeSetCodec.encodeHeader(sample.header)
    for length in 0..<header.count {
      #expect(throws: WireError.self, "seed \(seed), length \(length)") {
        try ChangeSetCodec.decodeHeader(header[..<length])
      }
    }
  }

  @Test(arguments: 0..<16)
  func `A flipped bit throws or gives another change set in its only encoding`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let sample = Samples.changeSet(&random)
    var body = ChangeSetCodec.encodeBody(sample.body, of: sample.header)
    let step = max(1, body.count * 8 / 1_000)
    for bit in stride(from: random.below(step), to: body.count * 8, by: step) {
      body[bit / 8] ^= 1 << UInt8(bit % 8)
      if let decoded = try? ChangeSetCodec.decodeBody(body, of: sample.header) {
        let again = ChangeSetCodec.encodeBody(decoded, of: sample.header)
        #expect(again == body, "seed \(seed), bit \(bit)")
      }
      body[bit / 8] ^= 1 << UInt8(bit % 8)
    }
    var header = ChangeSetCodec.encodeHeader(sample.header)
    for bit in 0..<header.count * 8 {
      header[bit / 8] ^= 1 << UInt8(bit % 8)
      if let decoded = try? ChangeSetCodec.decodeHeader(header) {
        #expect(ChangeSetCodec.encodeHeader(decoded) == header, "seed \(seed), bit \(bit)")
      }
      header[bit / 8] ^= 1 << UInt8(bit % 8)
    }
  }

  @Test(arguments: 0..<60)
  func `Random bytes are never a body in another encoding`(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let header = Samples.header(&random)
    for _ in 0..<50 {
      let bytes = random.bytes(random.below(40)).map { random.chance(60) ? $0 & 3 : $0 }
      if let decoded = try? ChangeSetCodec.decodeBody(bytes, of: header) {
        #expect(ChangeSetCodec.encodeBody(decoded, of: header) == bytes, "seed \(seed)")
      }
    }
  }

  @Test func `Lists of dots may come in any order and are numbered anew`() throws {
    var random = SeededGenerator(seed: 1)
    let header = Samples.header(&random)
    var block = RowBlock(
      table: TableID(1_000), kind: .delete, columns: [], keyWidth: 1, hasBefore: true)
    block.cells.append(integer: 1)
    block.cells.append(integer: 2)
    block.beforeDots = [
      [StreamDot(replica: header.replica, number: 9)],
      [StreamDot(replica: header.replica, number: 8)],
    ]
    block.beforeIndex = [1, 0]
    let bytes = ChangeSetCodec.encodeBody(ChangeSetBody(blocks: [block]), of: header)
    let decoded = try ChangeSetCodec.decodeBody(bytes, of: header)
    #expect(decoded.blocks[0].beforeDots == block.beforeDots.reversed())
    #expect(decoded.blocks[0].beforeIndex == [0, 1])
  }

  @Test func `A row in two blocks of one table is refused`() {
    var random = SeededGenerator(seed: 2)
    let header = Samples.header(&random)
    func block(_ column: UInt32, _ keys: [Int64]) -> RowBlock {
      let columns = [CarriedColumn(column: ColumnID(column), group: GroupID(column))]
      var block = RowBlock(
        table: TableID(1_000), kind: .insert, columns: columns, keyWidth: 1, hasBefore: false)
      for key in keys {
        block.cells.append(integer: key)
        block.cells.append(integer: 0)
      }
      return block
    }
    let apart = [block(1, [1, 4]), block(2, [2, 5]), block(3, [3])]
    let good = ChangeSetCodec.encodeBody(ChangeSetBody(blocks: apart), of: header)
    #expect(throws: Never.self) { try ChangeSetCodec.decodeBody(good, of: header) }
    let both = [block(1, [1, 4]), block(2, [2, 5]), block(3, [3, 4])]
    let bad = ChangeSetCodec.encodeBody(ChangeSetBody(blocks: both), of: header)
    #expect(throws: WireError.nonCanonical(.rows)) {
      try ChangeSetCodec.decodeBody(bad, of: header)
    }
  }

  @Test func `Unsorted and repeated rows, blocks and columns are refused`() {
    var random = SeededGenerator(seed: 3)
    let header = Samples.header(&random)
    func body(_ keys: [Int64], tables: [UInt32] = [1_000]) -> [UInt8] {
      let blocks = tables.map { table in
        var block = RowBlock(
          table: TableID(table), kind: .insert, columns: [], keyWidth: 1, hasBefore: false)
        for key in keys { block.cells.append(integer: key) }
        return block
      }
      return ChangeSetCodec.encodeBody(ChangeSetBody(blocks: blocks), of: header)
    }
    for keys: [Int64] in [[2, 1], [1, 1], [1, 3, 2]] {
      #expect(throws: WireError.nonCanonical(.rows)) {
        try ChangeSetCodec.decodeBody(body(keys), of: header)
      }
    }
    #expect(throws: WireError.nonCanonical(.block)) {
      try ChangeSetCodec.decodeBody(body([1], tables: [1_001, 1_000]), of: header)
    }
  }

  /// A block of inserts in constant columns: an integer key 0, 1, 2… and nulls, in canonical form.
  private static func constants(rows: Int, columns: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(varint: 2)
    writer.write(varint: 1_000)
    writer.write(byte: 0x08)
    writer.write(count: rows)
    writer.write(count: columns)
    for _ in 0..<columns { writer.write(varint: 1) }
    // Differences: 0, then 1 as zigzag.
    for byte: UInt8 in [25, 0, 1, 0] { writer.write(byte: byte) }
    for _ in 1..<rows { writer.write(byte: 2) }
    for _ in 0..<columns { writer.write(byte: 0) }
    return writer.bytes
  }

  @Test func `Constant columns give at most 32 values per byte above an allowance`() throws {
    var random = SeededGenerator(seed: 4)
    let header = Samples.header(&random)
    // 1,024 rows of 256 columns, key and all, are in the allowance; so are any rows of 32 values.
    for (rows, columns) in [(1_024, 256), (1_200, 256), (20_000, 31), (100_000, 31)] {
      let bytes = Self.constants(rows: rows, columns: columns)
      let body = try ChangeSetCodec.decodeBody(bytes, of: header)
      #expect(body.rowCount == rows)
      #expect(ChangeSetCodec.encodeBody(body, of: header) == bytes)
    }
    for (rows, columns) in [(2_048, 256), (20_000, 63), (50_000, 255)] {
      let bytes = Self.constants(rows: rows, columns: columns)
      let limit = Limits.ratioFreeCells + bytes.count * Limits.cellsPerByte
      #expect(
        throws: WireError.limitExceeded(
          .cells, value: UInt64(rows * (columns + 1)), limit: UInt64(limit))
      ) { try ChangeSetCodec.decodeBody(bytes, of: header) }
    }
  }

  @Test func `A single update of two columns takes few bytes`() {
    let replica = Samples.replica()
    let header = ChangeSetHeader(
      stream: Samples.stream(), replica: replica, number: 812, contextAdvance: VersionVector(),
      timestamp: HybridTimestamp(milliseconds: 1_730_000_000_123), schemaVersion: 1,
      author: "li.wei")
    let columns = [3, 8].map { CarriedColumn(column: ColumnID($0), group: GroupID($0)) }
    var block = RowBlock(
      table: TableID(1_000), kind: .update, columns: columns, keyWidth: 1, hasBefore: true)
    block.cells.append(.text(Samples.creditCode(4_000_777)))
    block.cells.append(.text("B"))
    block.cells.append(integer: 1_730_000_000_000)
    block.cells.append(.text("A"))
    block.cells.append(integer: 1_700_000_000_000)
    block.beforeDots = [[StreamDot(replica: replica, number: 1)]]
    block.beforeIndex = [0, 0, 0]
    let encoded = EncodedChangeSet(header: header, body: ChangeSetBody(blocks: [block]))
    #expect(encoded.byteCount <= 60)
    let plain = FrameCodec.encode(.changes(ChangesMessage(changeSets: [encoded], heads: [])))
    #expect(plain.count <= 64)
    var random = SeededGenerator(seed: 5)
    let head = SignedHead(
      dot: encoded.dot, hash: Samples.hash(&random), signature: random.bytes(64))
    let signed = FrameCodec.encode(
      .changes(ChangesMessage(changeSets: [encoded], heads: [head])))
    #expect(signed.count <= 170)
  }

  @Test func `A body of 2,048 bytes is deflated alone, a shorter one is not`() throws {
    var random = SeededGenerator(seed: 7)
    let header = Samples.header(&random)
    func encoded(rows: Int) -> EncodedChangeSet {
      var block = RowBlock(
        table: TableID(1_000), kind: .insert, columns: [], keyWidth: 1, hasBefore: false)
      for row in 0..<rows { block.cells.append(integer: Int64(row)) }
      return EncodedChangeSet(header: header, body: ChangeSetBody(blocks: [block]))
    }
    let beside = encoded(rows: 1_000).bodyByteCount - 1_000
    for (bytes, isDeflated) in [(2_047, false), (2_048, true), (4_096, true)] {
      let found = encoded(rows: bytes - beside)
      #expect(found.bodyByteCount == bytes && found.bodyIsDeflated == isDeflated, "\(bytes)")
      #expect(try found.canonicalBody().count == bytes)
    }
  }

  @Test func `Many rows take few bytes each`() throws {
    var random = SeededGenerator(seed: 6)
    let header = Samples.header(&random)
    let columns = (1...4).map { CarriedColumn(column: ColumnID($0), group: GroupID($0)) }
    var block = RowBlock(
      table: TableID(1_000), kind: .insert, columns: columns, keyWidth: 1, hasBefore: false)
    for row in 0..<5_000 {
      block.cells.append(.text(Samples.creditCode(row * 3)))
      block.cells.append(.text("云南省昆明市盘龙区第\(random.below(500))号有限公司"))
      block.cells.append(.text(random.pick(["存续", "注销"])))
      block.cells.append(.text("138\(10_000_000 + random.below(89_999_999))"))
      block.cells.append(integer: 1_700_000_000_000 + Int64(row * 30_000 + random.below(30_000)))
    }
    let encoded = EncodedChangeSet(header: header, body: ChangeSetBody(blocks: [block]))
    #expect(encoded.bodyIsDeflated)
    #expect(encoded.byteCount < 13 * 5_000)
    #expect(try encoded.decoded().body.blocks[0] == block)
  }
}
