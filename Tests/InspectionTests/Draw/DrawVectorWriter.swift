import Foundation
import Inspection
import Testing

/// Writes the vectors of draws over several units anew when it is told to; signatures may come out differently,
/// which changes nothing of what they show.
@Suite struct DrawVectorWriter {
  private func put(_ name: String, _ step: DrawStep?, _ record: DrawRecord) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    try encoder.encode(DrawVector(failingStep: step, record: record)).write(
      to: DrawVector.folder.appending(path: name + ".json"))
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["TRIBUTARY_VECTORS"] == "write"))
  func `draws over several units and for shares`() throws {
    let fixture = try SpanningFixture()
    let sound = try fixture.initiatorRecord()
    let county = try fixture.implementerRecord()
    try put("valid-several-units", nil, sound)
    try put("valid-several-units-batches", nil, try fixture.initiatorRecord(batches: 4))
    try put("valid-several-units-without-hub", nil, try fixture.initiatorRecord(hasHub: false))
    try put("valid-inspectors-for-share", nil, county)
    var record = sound
    record.draws[0].reveal = nil
    (record.draws[0].strata, record.draws[0].shares) = ([], nil)
    try put("valid-several-units-secret", nil, record)
    record = sound
    record.frames[0].rows = nil
    for index in 0..<2 { record.frames[0].units?[index].keys = nil }
    try put("valid-several-units-rows-not-published", nil, record)
    record = sound
    let moved = record.frames[0].units?[0].keys?.removeLast()
    record.frames[0].units?[1].keys?.append(try #require(moved))
    try put("invalid-unit-of-a-row", .frame, record)
    record = sound
    record.frames[0].units?[0].leftOut?.append("91530102MA99999999")
    try put("invalid-left-out-everywhere", .frame, record)
    record = sound
    record.frames[0].units?.removeLast()
    try put("invalid-unit-missing", .frame, record)
    record = sound
    record.draws[0].shares?[0].objects.removeLast()
    try put("invalid-share-too-small", .shares, record)
    record = sound
    let bytes = try #require(record.draws[0].shares?[0].bytes)
    record.draws[0].shares?[0].signature = HexBytes(try DrawFixture.sign(bytes, 3))
    try put("invalid-share-signature", .shares, record)
    record = sound
    record.draws[0].shares?.removeLast()
    try put("invalid-share-missing", .shares, record)
    record = county
    record.draws[0].share?.objects.removeLast()
    try put("invalid-share-object-left-out", .shares, record)
    record = county
    record.draws[0].matching?.teams.removeLast()
    try put("invalid-visit-left-out", .matching, record)
    record = try fixture.initiatorRecord(hasHub: false)
    record.hubAnchor = sound.hubAnchor
    record.keys = sound.keys
    try put("invalid-hub-not-committed", .commit, record)
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["TRIBUTARY_VECTORS"] == "write"))
  func `checks that superiors draw`() throws {
    let fixture = try SpanningFixture()
    let pairs = try fixture.checkRecord(
      of: .units, rows: SpanningFixture.unitRows(isWithin: true))
    let sample = try fixture.checkRecord(of: .results, rows: SpanningFixture.resultRows())
    try put("valid-pairs", nil, pairs)
    try put("valid-sample-of-results", nil, sample)
    var record = pairs
    record.draws[0].strata[0].selected.swapAt(0, 1)
    try put("invalid-pairs-swapped", .selection, record)
    record = sample
    record.draws[0].strata[0].selected.swapAt(0, 1)
    try put("invalid-sample-of-results-swapped", .selection, record)
    record = sample
    record.frames[0].rows?.removeLast()
    try put("invalid-result-kept-back", .frame, record)
    // A mode that is not of the kind: results as if they were units.
    record = try fixture.checkRecord(
      of: .results, rows: SpanningFixture.resultRows(), mode: .pairs)
    try put("invalid-mode-of-kind", .frame, record)
  }
}
