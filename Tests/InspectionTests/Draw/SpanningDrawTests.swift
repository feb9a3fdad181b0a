import Foundation
import Inspection
import Testing

/// objects drawn above over the rosters of several units, inspectors by each of these.
@Suite struct SpanningDrawTests {
  private func faults(_ record: DrawRecord) -> [DrawStep: DrawFault] {
    var faults: [DrawStep: DrawFault] = [:]
    for finding in DrawVerifier.findings(of: record) {
      if let fault = finding.fault, faults[finding.step] == nil { faults[finding.step] = fault }
    }
    return faults
  }

  @Test func `a key that several rosters have stands once, where it may be drawn`() throws {
    let frame = try SpanningFixture().frame
    #expect(frame.frame.rows.count == 60 && frame.rosters.map(\.unit) == ["530102", "530103"])
    #expect(frame.rosters.map(\.rowCount) == [37, 23])
    // 36…38 may be drawn at 530103 alone; of 39 and 40 the first unit's row stands.
    let (first, second) = ((36...38).map(DrawFixture.code), (39...40).map(DrawFixture.code))
    #expect(frame.leftOut == ["530102": first, "530103": second])
    #expect(Set(frame.keys["530103"] ?? []).isSuperset(of: first))
    var twice = SpanningFixture.rosters()
    twice.append(twice[0])
    #expect(throws: DrawError.duplicateUnit("530103")) { _ = try SpanningFrame(twice) }
  }

  @Test func `a unit's part of the frame can be made from its own roster alone`() throws {
    let frame = try SpanningFixture().frame
    for (unit, rows) in SpanningFixture.rosters() {
      let leftOut = Set(frame.leftOut[unit] ?? [])
      let own = try Frame(rows.filter { !leftOut.contains($0.key) })
      let roster = try #require(frame.rosters.first { $0.unit == unit })
      #expect(own.tree.root == roster.root)
    }
  }

  @Test(arguments: [nil, UInt32(4)])
  func `a draw over two counties is sound, and gives each its own`(batches: UInt32?) throws {
    let record = try SpanningFixture().initiatorRecord(batches: batches)
    #expect(faults(record).isEmpty, "\(faults(record))")
    let findings = DrawVerifier.findings(of: record)
    #expect(findings.contains { $0.step == .shares && $0.verdict == .passed })
    let shares = try #require(record.draws[0].shares)
    #expect(shares.flatMap(\.objects).sorted() == record.draws[0].objects.sorted())
    let again = try JSONDecoder().decode(DrawRecord.self, from: try JSONEncoder().encode(record))
    #expect(again == record)
  }

  @Test func `the county's record shows by itself whom the prefecture drew and who goes`() throws {
    let record = try SpanningFixture().implementerRecord()
    #expect(faults(record).isEmpty, "\(faults(record))")
    let passed = Set(
      DrawVerifier.findings(of: record).filter { $0.verdict == .passed }.map(\.step))
    #expect(passed.isSuperset(of: [.frame, .roster, .seed, .result, .shares, .matching]))
    let teams = try #require(record.draws[0].matching?.teams)
    #expect(Set(teams.map(\.object)) == Set(record.draws[0].share?.objects ?? []))
  }

  @Test func `before it is revealed no list is published, and nothing is called passed`() throws {
    var record = try SpanningFixture().initiatorRecord()
    record.draws[0].reveal = nil
    (record.draws[0].strata, record.draws[0].batches, record.draws[0].shares) = ([], [], nil)
    #expect(faults(record).isEmpty, "\(faults(record))")
    let open = DrawVerifier.findings(of: record).filter { $0.verdict == .unchecked(.notRevealed) }
    #expect(
      Set(open.map(\.step)).isSuperset(of: [.seed, .quotas, .ranking, .selection, .result, .shares])
    )
    // With the seed revealed, a record without its lists fails.
    var bare = try SpanningFixture().initiatorRecord()
    (bare.draws[0].strata, bare.draws[0].shares) = ([], nil)
    #expect(faults(bare)[.quotas] != nil)
  }

  @Test func `the top draws without a hub, as grade 1`() throws {
    var record = try SpanningFixture().initiatorRecord(hasHub: false)
    #expect(faults(record).isEmpty, "\(faults(record))")
    #expect(record.draws[0].reveal?.grade == .one)
    record.draws[0].reveal?.grade = .two
    #expect(faults(record)[.acknowledgement] == .noAcknowledgement)
  }

  @Test func `each cheat with units and shares is named`() throws {
    let sound = try SpanningFixture().initiatorRecord()
    func expect(_ step: DrawStep, _ spoil: (inout DrawRecord) throws -> Void) throws {
      var record = sound
      try spoil(&record)
      #expect(faults(record)[step] != nil, "\(step): \(faults(record))")
    }
    // A company of one county passed off as the other's.
    try expect(.frame) { record in
      let moved = record.frames[0].units?[0].keys?.removeLast()
      record.frames[0].units?[1].keys?.append(try #require(moved))
    }
    try expect(.frame) { $0.frames[0].units?.removeLast() }
    try expect(.frame) { $0.frames[0].units?[0].leftOut?.append(DrawFixture.code(1)) }
    try expect(.frame) { $0.frames[0].units?[0].leftOut?.append("nobody") }
    // A share that spares one, gives another's, is of another draw, or is signed by somebody else.
    try expect(.shares) { $0.draws[0].shares?[0].objects.removeLast() }
    try expect(.shares) { record in
      let object = record.draws[0].shares?[0].objects.removeLast()
      record.draws[0].shares?[1].objects.append(try #require(object))
    }
    try expect(.shares) { $0.draws[0].shares?.removeLast() }
    try expect(.shares) { $0.draws[0].shares?[0].result = .zero }
    try expect(.shares) { record in
      let bytes = try #require(record.draws[0].shares?[0].bytes)
      record.draws[0].shares?[0].signature = HexBytes(try DrawFixture.sign(bytes, 3))
    }
    let county = try SpanningFixture().implementerRecord()
    var spoiled = county
    spoiled.draws[0].share?.objects.removeLast()
    #expect(faults(spoiled)[.shares] == .share(unit: "530102"))
    spoiled = county
    spoiled.draws[0].share = nil
    #expect(faults(spoiled)[.shares] == .share(unit: "530102"))
    spoiled = county
    spoiled.draws[0].matching = nil
    #expect(faults(spoiled)[.matching] != nil)
  }
}

/// pairs of units and samples of results, drawn as companies are.
@Suite struct CheckDrawTests {
  private func failed(_ record: DrawRecord) -> [DrawStep] {
    DrawVerifier.findings(of: record).filter { $0.fault != nil }.map(\.step)
  }

  @Test(arguments: [false, true])
  func `each unit checks one and is checked by one, never itself`(isWithin: Bool) throws {
    let rows = SpanningFixture.unitRows(isWithin: isWithin)
    let record = try SpanningFixture().checkRecord(of: .units, rows: rows)
    #expect(failed(record).isEmpty, "\(DrawVerifier.findings(of: record))")
    #expect(record.draws[0].reveal?.grade == .onePlus)
    let pairs = record.draws[0].pairs
    let units = rows.map(\.key)
    #expect(pairs.map(\.checker).sorted() == units && pairs.map(\.checked).sorted() == units)
    #expect(pairs.allSatisfy { $0.checker != $0.checked })
    if isWithin { #expect(pairs.allSatisfy { $0.checker.prefix(4) == $0.checked.prefix(4) }) }
    let passed = DrawVerifier.findings(of: record).filter { $0.verdict == .passed }.map(\.step)
    #expect(Set(passed).isSuperset(of: [.frame, .quotas, .selection, .result, .seed]))
  }

  @Test func `a unit alone in its stratum is no pair`() throws {
    let rows = [FrameRow(key: "530102", stratum: "530100")]
    #expect(throws: DrawError.pairOfOne(stratum: "530100")) {
      _ = try SpanningFixture().checkRecord(of: .units, rows: rows)
    }
  }

  @Test func `a sample of results takes its share of each unit`() throws {
    let record = try SpanningFixture().checkRecord(
      of: .results, rows: SpanningFixture.resultRows())
    #expect(failed(record).isEmpty, "\(DrawVerifier.findings(of: record))")
    #expect(record.draws[0].strata.map(\.count) == [5, 2])
    var other = record
    other.draws[0].strata[0].selected.swapAt(0, 1)
    #expect(failed(other).contains(.selection))
  }
}
