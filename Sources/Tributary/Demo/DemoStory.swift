import Casework
import Causality
import Changes
import Foundation
import Store
import Terminal
import Transport

/// What happens in the demo between the first sync and the table.
struct DemoStory {
  private let demo: Demo

  init(_ demo: Demo) { self.demo = demo }

  /// All tiers edit; a prefecture is cut off; both sides go on; two conflicts arise; the link heals.
  /// `withoutLink`: what the county does meanwhile, when it too reaches nobody.
  func tell(
    _ say: (String) -> Void, withoutLink: () async throws -> Void
  ) async throws {
    guard let top = demo.nodes.first,
      let valley = demo.nodes.last(where: { $0.division.level == .prefecture }),
      let county = demo.counties.last(where: { $0.division.parent == valley.scope })
    else { return }
    try await editEverywhere(top, valley, county, say)
    let companies = try demo.companies(of: county, 2)
    guard companies.count == 2 else { return }
    valley.link?.cut()
    say("Cut: \(valley.division.name) and its counties from \(top.division.name)")
    // The same telephone number on both sides of the cut; a delete against an update.
    try demo.edit(county) { write throws(StoreError) in
      try write.update(
        RosterSchema.companies.id, scope: county.scope, key: companies[0],
        [ColumnValue(CompanyFields.phone.id, .text("0886-3622101"))])
      try write.delete(RosterSchema.companies.id, scope: county.scope, key: companies[1])
    }
    let local = demo.lastWritten
    try demo.edit(top) { write throws(StoreError) in
      for (key, phone) in zip(companies, ["0871-63210001", "0871-63210002"]) {
        try write.update(
          RosterSchema.companies.id, scope: county.scope, key: key,
          [ColumnValue(CompanyFields.phone.id, .text(phone))])
      }
    }
    try await showLocalWork(local, top, valley, county, say)
    county.link?.cut()
    try await withoutLink()
    county.link?.heal()
    valley.link?.heal()
    say("Healed.")
  }

  private func editEverywhere(
    _ top: DemoNode, _ valley: DemoNode, _ county: DemoNode, _ say: (String) -> Void
  ) async throws {
    let companies = try demo.companies(of: county, 6)
    guard companies.count == 6 else { return }
    for (node, position) in [(county, 3), (valley, 4), (top, 5)] {
      try demo.edit(node) { write throws(StoreError) in
        try write.update(
          RosterSchema.companies.id, scope: county.scope, key: companies[position],
          [ColumnValue(CompanyFields.contact.id, .text("联系人\(position)"))])
      }
    }
    guard let dot = demo.written.dropLast(2).last else { return }
    let start = Date()
    while try !demo.has(top, dot), Date().timeIntervalSince(start) < 10 {
      try await Task.sleep(for: .milliseconds(20))
    }
    let milliseconds = Int(Date().timeIntervalSince(start) * 1_000)
    say("A change of \(county.division.name) was at \(top.division.name) after \(milliseconds) ms")
  }

  private func showLocalWork(
    _ dot: Dot?, _ top: DemoNode, _ valley: DemoNode, _ county: DemoNode, _ say: (String) -> Void
  ) async throws {
    guard let dot else { return }
    let start = Date()
    while try !demo.has(valley, dot), Date().timeIntervalSince(start) < 10 {
      try await Task.sleep(for: .milliseconds(20))
    }
    let milliseconds = Int(Date().timeIntervalSince(start) * 1_000)
    let isAtTop = try demo.has(top, dot)
    say(
      "  behind the cut, \(county.division.name)'s work was at \(valley.division.name) after "
        + "\(milliseconds) ms; at \(top.division.name): \(isAtTop ? "yes (the cut leaks)" : "not yet")"
    )
  }
}

extension Demo {
  /// The keys of the first companies of a county, in order.
  func companies(of county: DemoNode, _ count: Int) throws -> [[Value]] {
    try read(county).keys(of: RosterSchema.companies.id, in: county.scope, limit: count)
  }
}
