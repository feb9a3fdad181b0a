import Casework
import Causality
import Changes
import Store
import TestSupport
import Testing

/// The rows of earlier cuts, over generated histories.
@Suite struct RewindTests {
  private let writers = [CaseWorld.Place.county, .terminal, .prefecture, .province]

  @Test(arguments: [UInt64(11), 12])
  func `every cut that a replica had can be read again, with the digests it had`(seed: UInt64)
    throws
  {
    let world = try CaseWorld()
    var generator = SeededGenerator(seed: seed)
    let table = RosterSchema.companies
    var moments: [CaseWorld.Place: [(cut: Cut, digests: [[UInt8]])]] = [:]
    func note(_ place: CaseWorld.Place) throws {
      let digests = try world[place].streams.map { try world[place].digest(of: $0) }
      moments[place, default: []].append((try world[place].cut(), digests))
    }
    for step in 0..<40 {
      let place = writers[Int.random(in: 0..<writers.count, using: &generator)]
      if Int.random(in: 0..<4, using: &generator) == 0 {
        try world.exchange(place)
      } else {
        let key: [Value] = [.text("C\(Int.random(in: 0..<4, using: &generator))")]
        let isDelete = Int.random(in: 0..<5, using: &generator) == 0
        let fields = [CompanyFields.name, CompanyFields.phone, CompanyFields.actualAddress]
        let field = fields[Int.random(in: 0..<3, using: &generator)]
        world.wall += 1_000
        _ = try world[place].write(author: "\(place)", wallMilliseconds: world.wall) {
          transaction throws(StoreError) in
          let scope = world.scope(.county)
          if try transaction.read(table.id, scope: scope, key: key) == nil {
            try transaction.insert(
              table.id, scope: scope, key: key, [ColumnValue(field.id, .text("\(step)"))])
          } else if isDelete {
            try transaction.delete(table.id, scope: scope, key: key)
          } else {
            try transaction.update(
              table.id, scope: scope, key: key, [ColumnValue(field.id, .text("\(step)"))])
          }
        }
      }
      if step % 5 == 0 { try note(place) }
    }
    try world.settle()
    for place in writers {
      for (number, moment) in (moments[place] ?? []).enumerated() {
        // The node itself, and the province, which holds all streams.
        for reader in [place, .province] {
          let copy = try world[reader].rewound(to: moment.cut)
          let digests = try world[place].streams.map { try copy.digest(of: $0) }
          #expect(digests == moment.digests, "seed \(seed), \(place) moment \(number) at \(reader)")
          #expect(try copy.cut() == moment.cut)
        }
      }
    }
  }
}
