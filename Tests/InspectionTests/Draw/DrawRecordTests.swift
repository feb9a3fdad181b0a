import Foundation
import Inspection
import TestSupport
import Testing

/// Sound records pass every step; each cheat is found, and named by its step.
@Suite struct DrawRecordTests {
  /// Steps that failed, in order.
  private func failed(_ record: DrawRecord) -> [DrawStep] {
    DrawVerifier.findings(of: record).filter { $0.fault != nil }.map(\.step)
  }

  private func fault(_ record: DrawRecord, _ step: DrawStep) -> DrawFault? {
    DrawVerifier.findings(of: record).first { $0.step == step && $0.fault != nil }?.fault
  }

  private func soundRecord() throws -> DrawRecord {
    var fixture = try DrawFixture()
    try fixture.draw()
    return try fixture.record()
  }

  @Test func `a sound draw passes every step that it has`() throws {
    let findings = DrawVerifier.findings(of: try soundRecord())
    #expect(findings.allSatisfy { $0.fault == nil }, "\(findings)")
    let unchecked = findings.filter { $0.verdict == .unchecked(.notPart) }.map(\.step)
    #expect(unchecked == [.batches, .shares])
    #expect(findings.count == DrawStep.allCases.count)
  }

  @Test func `a record survives JSON`() throws {
    let record = try soundRecord()
    let again = try JSONDecoder().decode(
      DrawRecord.self, from: try JSONEncoder().encode(record))
    #expect(again == record)
  }

  @Test func `a row removed from the roster before a draw is named`() throws {
    var fixture = try DrawFixture()
    try fixture.draw()
    let before = try #require(fixture.published.last?.hash)
    try fixture.void(0)
    let spared = DrawFixture.code(7)
    let rows = DrawFixture.rows().filter { $0.key != spared }
    try fixture.draw(rows, try fixture.parameters(sequence: 2), index: 1, previous: before)
    var record = try fixture.record()
    #expect(failed(record) == [.roster])
    #expect(fault(record, .roster) == .removedUnexplained(key: spared))
    // Accounted for, it is visible and no fault.
    record.frames[2].removed = [.init(key: spared, reason: "CANCELLED", author: "530000-1")]
    #expect(failed(record).isEmpty)
  }

  @Test func `a frame that the hub cannot make again is a mismatch`() throws {
    var fixture = try DrawFixture()
    try fixture.draw(DrawFixture.rows().filter { $0.key != DrawFixture.code(7) })
    let real = try Frame(DrawFixture.rows())
    let hash = fixture.published[1].hash
    fixture.published[1].witness = try fixture.witness(hash, real.tree.root, 60)
    let record = try fixture.record()
    #expect(failed(record) == [.roster])
    #expect(fault(record, .roster) == .witnessDiffers(real.tree.root))
  }

  @Test func `a row removed after the commit changes the root`() throws {
    var record = try soundRecord()
    record.frames[1].rows?.remove(at: 4)
    #expect(fault(record, .frame) == .rowCount(stated: 60, found: 59))
    record = try soundRecord()
    record.frames[1].rows?[4] = FrameRow(
      key: DrawFixture.code(5), stratum: "B", weight: 3, status: .moved)
    guard case .rootDiffers = fault(record, .frame) else {
      Issue.record("the root must differ")
      return
    }
  }

  @Test func `a redraw needs the superior`() throws {
    var fixture = try DrawFixture()
    try fixture.draw()
    try fixture.draw(DrawFixture.rows(), try fixture.parameters(sequence: 2), index: 1)
    #expect(failed(try fixture.record()) == [.chain])
    try fixture.void(0, by: 3)  // The operator voids his own draw.
    #expect(fault(try fixture.record(), .chain) == .signature(.superior))
    try fixture.void(0)
    #expect(failed(try fixture.record()).isEmpty)
    var hidden = try fixture.record()
    hidden.draws.removeFirst()
    let task = hidden.draws[0].parameters.task
    #expect(fault(hidden, .chain) == .sequenceGap(task: task, missing: 1))
  }

  @Test func `a value serves one commit, and none is passed over`() throws {
    var fixture = try DrawFixture()
    try fixture.draw()
    try fixture.void(0)
    try fixture.draw(DrawFixture.rows(50), try fixture.parameters(sequence: 2), index: 0)
    #expect(fault(try fixture.record(), .chain) == .valueTwice(index: 0))
    var other = try DrawFixture()
    try other.draw(DrawFixture.rows(), nil, index: 1)
    #expect(fault(try other.record(), .chain) == .valueSkipped(index: 0))
  }

  @Test func `a changed ratio is named`() throws {
    var fixture = try DrawFixture()
    try fixture.draw()
    var record = try fixture.record()
    let old = record.draws[0].parameters
    record.draws[0].parameters = try DrawParameters(
      task: old.task, sequence: 1, mode: .sample,
      strata: old.strata.map {
        StratumRule(stratum: $0.stratum, ratioBp: $0.stratum == "D" ? 2_000 : $0.ratioBp)
      },
      totalCap: old.totalCap, filter: old.filter, itemListHash: old.itemListHash,
      items: old.items, matching: old.matching)
    #expect(failed(record).first == .parameters)
  }

  @Test func `a general item above its cap is named, even when it was committed`() throws {
    var fixture = try DrawFixture()
    try fixture.draw(DrawFixture.rows(), try fixture.parameters(totalCap: 18))
    #expect(fault(try fixture.record(), .caps) == .rule(.capAbove(cap: 18, allowed: 17)))
  }

  @Test func `a swapped inspector and an unreasoned appointment are named`() throws {
    var record = try soundRecord()
    let team = try #require(record.draws[0].matching?.teams[0])
    record.draws[0].matching?.teams[0].members.reverse()
    #expect(failed(record) == [.matching])
    #expect(fault(record, .matching) == .team(object: team.object))
    record = try soundRecord()
    record.draws[0].matching?.teams[0].appointed = ["I05"]
    #expect(fault(record, .matching) == .appointment(object: team.object))
    record = try soundRecord()
    record.draws[0].matching?.avoidance.removeLast()
    #expect(failed(record) == [.matching])
  }

  @Test func `signatures, values and selection are each bound`() throws {
    let sound = try soundRecord()
    func expect(_ step: DrawStep, _ spoil: (inout DrawRecord) -> Void) {
      var record = sound
      spoil(&record)
      #expect(failed(record).contains(step), "\(step): \(failed(record))")
    }
    expect(.anchors) { $0.countyAnchor.leaves.swapAt(0, 1) }
    expect(.items) { $0.items.removeLast() }
    expect(.counts) { $0.frames[1].counts?.removeLast() }
    expect(.commit) { $0.draws[0].commit.node = "530102-2" }
    expect(.signatures) { $0.draws[0].commit.supervisorSignature = $0.countyAnchor.signature }
    expect(.signatures) { $0.draws[0].commit.reference = "2026001" }
    expect(.acknowledgement) { $0.draws[0].acknowledgement?.value = .zero }
    expect(.acknowledgement) { $0.draws[0].acknowledgement = nil }
    expect(.seed) { $0.draws[0].reveal?.county = .zero }
    expect(.seed) { $0.draws[0].reveal?.grade = .three }
    expect(.quotas) { $0.draws[0].strata[1].count += 1 }
    expect(.ranking) { $0.draws[0].strata[1].reserves.reverse() }
    expect(.selection) { $0.draws[0].strata[3].selected.reverse() }
    expect(.batches) { $0.draws[0].batches = [["X"]] }
    expect(.result) { $0.draws[0].result = .zero }
    expect(.matching) { $0.draws[0].matching?.result = .zero }
  }

  @Test func `batches and a sieve are drawn and checked`() throws {
    for mode in [DrawParameters.Mode.batchOrder, .sieve] {
      var fixture = try DrawFixture()
      try fixture.draw(
        DrawFixture.rows(), try fixture.parameters(mode: mode, batchCount: 4))
      let record = try fixture.record()
      #expect(failed(record).isEmpty)
      #expect(record.draws[0].batches.map(\.count) == [14, 13, 14, 13])
      #expect(record.draws[0].strata.map(\.count).reduce(0, +) == 54)
    }
  }

  @Test func `each enterprise learns from its proof alone whether it was drawn`() throws {
    let record = try soundRecord()
    let (draw, header) = (record.draws[0], record.frames[1].header)
    let frame = try Frame(try #require(record.frames[1].rows))
    let drawn = Set(draw.strata.flatMap(\.selected))
    for row in frame.rows {
      let proof = try #require(ObjectProof(of: row.key, in: frame, header: header))
      let expected: ObjectProof.Outcome =
        row.status != .eligible
        ? .excluded(row.status) : drawn.contains(row.key) ? .drawn : .notDrawn
      #expect(proof.outcome(in: draw) == expected, "\(row.key)")
    }
    let other = try Frame(DrawFixture.rows(59))
    let foreign = try #require(
      ObjectProof(of: DrawFixture.code(7), in: other, header: header))
    #expect(foreign.outcome(in: draw) == .notInFrame)
  }

  @Test(arguments: [true, false])
  func `a session of coordinated tasks with neighbours and a lottery is checked`(hub: Bool) throws {
    var fixture = try DrawFixture()
    try fixture.drawSession(hubAnswers: hub)
    var record = try fixture.record()
    #expect(failed(record).isEmpty, "\(DrawVerifier.findings(of: record))")
    #expect(record.draws.map(\.reveal?.grade) == (hub ? [.three, .three] : [.onePlus, .onePlus]))
    // One set of numbers: both tasks visit the same companies.
    #expect(record.draws[0].strata.map(\.selected) == record.draws[1].strata.map(\.selected))
    let teams = record.draws.flatMap { $0.matching?.teams ?? [] }
    #expect(teams.contains { !$0.neighbours.isEmpty })
    // Lodged with nobody, a lottery without the hub proves nothing.
    for index in record.draws.indices { record.draws[index].commit.lodgedWith = nil }
    #expect(failed(record) == (hub ? [] : [.seed, .seed]))
  }

  @Test func `what is not published is unchecked, never passed`() throws {
    var record = try soundRecord()
    record.frames[1].rows = nil
    func steps(_ gap: DrawGap) -> [DrawStep] {
      DrawVerifier.findings(of: record).filter { $0.verdict == .unchecked(gap) }.map(\.step)
    }
    #expect(failed(record).isEmpty)
    #expect(steps(.rowsNotPublished) == [.frame, .counts, .ranking, .selection])
    record.draws[0].reveal = nil
    #expect(failed(record).isEmpty)
    #expect(steps(.notRevealed) == [.seed, .ranking, .selection, .result, .matching])
  }

  @Test func `a record without the counts or the matching it owes fails by name`() throws {
    var record = try soundRecord()
    for index in record.frames.indices { record.frames[index].counts = nil }
    #expect(DrawVerifier.findings(of: record).contains { $0.step == .counts && $0.fault != nil })
    record = try soundRecord()
    record.draws[0].matching = nil
    #expect(DrawVerifier.findings(of: record).contains { $0.step == .matching && $0.fault != nil })
  }

  @Test(arguments: 0..<80)
  func `a record changed anywhere never passes as it was, and never traps`(seed: Int) throws {
    var random = SeededGenerator(seed: UInt64(seed))
    // The same bytes in each process, so that a seed stands for one change.
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let data = try encoder.encode(try soundRecord())
    var bytes = [UInt8](data)
    let place = random.below(bytes.count)
    let old = bytes[place]
    bytes[place] = (0x30...0x39).contains(old) ? 0x30 + (old - 0x30 + 1) % 10 : random.bytes(1)[0]
    guard bytes[place] != old,
      let record = try? JSONDecoder().decode(DrawRecord.self, from: Data(bytes)),
      record != (try JSONDecoder().decode(DrawRecord.self, from: data))
    else { return }
    let findings = DrawVerifier.findings(of: record)
    // Names of keys and persons are for people and bound by nothing; a key that no step needs neither.
    let sound = try JSONDecoder().decode(DrawRecord.self, from: data)
    var same = record
    same.keys = sound.keys
    same.frames[1].previous = sound.frames[1].previous
    #expect(findings.contains { $0.fault != nil } || same == sound, "byte \(place)")
  }
}
