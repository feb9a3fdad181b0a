package import Causality
internal import Changes
internal import Inspection
internal import Store

/// What a unit or a hub bound itself to for a year.
struct DrawAnchor {
  let leaves: [DrawHash]
  let signature: [UInt8]
  let publicKey: [UInt8]

  var root: DrawHash { CommittedValues.anchor(of: leaves) }
  var published: DrawRecord.Anchor { .init(leaves: leaves, signature: signature) }

  init?(_ row: CaseRow?) {
    guard let row, let signature = HexText.bytes(row.text("signature")),
      let key = HexText.bytes(row.text("public_key")),
      let bytes = HexText.bytes(row.text("leaves")), bytes.count.isMultiple(of: 32)
    else { return nil }
    leaves = stride(from: 0, to: bytes.count, by: 32).compactMap { DrawHash(bytes[$0..<$0 + 32]) }
    (self.signature, publicKey) = (signature, key)
  }
}

/// Committed values and barriers: what has to be there before the first draw of a year. Source: domain.md
/// §4.5 step 5, §4.6.
extension CaseStore {
  /// Publishes the unit's committed values of a year, and who signs its draws. Throws `exists` for a year
  /// that has them, `refused` when one person is to sign twice.
  package func publishAnchor(
    year: Int, operator first: DrawSigner, supervisor second: DrawSigner, secret: DrawSecret
  ) throws(CaseworkError) {
    let scope = ownScope
    guard first.publicKey != second.publicKey else {
      throw .refused([RuleBreach(.objectDraw, row: "\(scope)", .missing(field: "监督人"))])
    }
    let fill = try anchorValues(unit: scope, side: .county, year: year, secret)
    try perform("draw anchor") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
      let key: [Value] = [.integer(Int64(year))]
      guard try transaction.row(of: DrawTables.anchors, in: scope, key: key) == nil else {
        return .failure(.exists(table: "draw_anchors", key: "\(scope)/\(year)"))
      }
      try transaction.insert(DrawTables.anchors, in: scope, key: key) { values in
        fill(&values)
        values.set("operator", first.name)
        values.set("operator_key", HexText.text(first.publicKey))
        values.set("supervisor", second.name)
        values.set("supervisor_key", HexText.text(second.publicKey))
      }
      return .success(())
    }
  }

  /// Publishes the hub's committed values for the draws of units below. Units that have them are passed over.
  /// Returns how many it published.
  package func publishHubAnchors(
    year: Int, for units: [Scope], secret: DrawSecret
  ) throws(CaseworkError) -> Int {
    let hub = ownScope
    var count = 0
    for unit in units {
      let fill = try anchorValues(unit: unit, side: .hub, year: year, secret)
      count += try perform("hub anchor") {
        transaction throws(StoreError) -> Result<Int, CaseworkError> in
        let key: [Value] = [.integer(Int64(year)), .text("\(hub)")]
        guard try transaction.row(of: DrawTables.hubAnchors, in: unit, key: key) == nil else {
          return .success(0)
        }
        try transaction.insert(DrawTables.hubAnchors, in: unit, key: key, fill)
        return .success(1)
      }
    }
    return count
  }

  private func anchorValues(
    unit: Scope, side: AnchorSide, year: Int, _ secret: DrawSecret
  ) throws(CaseworkError) -> (inout CaseValues) -> Void {
    let values = CommittedValues(
      secret: secret.bytes, unit: "\(unit)", side: side, year: UInt16(clamping: year))
    let signature = try sign(
      DrawStatement.anchor(
        unit: "\(unit)", side: side, year: UInt16(clamping: year),
        count: UInt32(values.leaves.count), root: values.anchor))
    let (key, now) = (replica.identity.publicKey, wallMilliseconds())
    return { row in
      row.set("leaves", values.leaves.map(\.description).joined())
      row.set("signature", HexText.text(signature))
      row.set("public_key", HexText.text(key))
      row.set("published_at", Int64(clamping: now))
    }
  }

  func sign(_ bytes: [UInt8]) throws(CaseworkError) -> [UInt8] {
    do throws(StoreError) { return try replica.identity.sign(bytes) } catch {
      throw .store(error)
    }
  }

  /// The nearest hub above a unit that committed itself for a year.
  func hubAnchor(
    of unit: Scope, year: Int
  ) throws(CaseworkError) -> (hub: Scope, anchor: DrawAnchor)? {
    for stream in RosterCut.streams(replica, unit: unit).dropFirst() {
      let row = try row(
        of: DrawTables.hubAnchors, in: unit,
        key: [.integer(Int64(year)), .text("\(stream.scope)")])
      if let anchor = DrawAnchor(row) { return (stream.scope, anchor) }
    }
    return nil
  }

  // MARK: barriers

  /// Publishes what the knowledge of units below has to cover before they freeze a roster: all that nodes at
  /// or above this one have written into their streams so far, such as the credit classes of the month and
  /// the item list. Returns how many units it wrote to.
  package func publishBarrier(month: String, for units: [Scope]) throws(CaseworkError) -> Int {
    let (hub, now) = (ownScope, wallMilliseconds())
    for unit in units {
      let cut: RosterCut
      do throws(StoreError) {
        cut = try RosterCut(replica, unit: unit).issued(atOrAbove: hub, in: replica.tree)
      } catch {
        throw .store(error)
      }
      let text = DrawJSON.text(try drawing { () throws(DrawError) in try cut.frameCut() }.entries)
      try perform("barrier") { transaction throws(StoreError) -> Result<Void, CaseworkError> in
        let key: [Value] = [.text(month), .text("\(hub)")]
        guard try transaction.row(of: DrawTables.barriers, in: unit, key: key) == nil else {
          return .failure(.exists(table: "roster_barriers", key: "\(unit)/\(month)"))
        }
        try transaction.insert(DrawTables.barriers, in: unit, key: key) { values in
          values.set("cut", text)
          values.set("issued_at", Int64(clamping: now))
          values.set("issued_by", author)
        }
        return .success(())
      }
    }
    return units.count
  }

  /// What keeps the roster of a unit from being frozen at a cut; empty when nothing does. The newest
  /// barriers count, and none older than the month before.
  func barrierBreaches(
    _ cut: RosterCut, of unit: Scope, on day: CivilDate, row: String
  ) throws(CaseworkError) -> [RuleBreach] {
    let barriers = try rows(of: DrawTables.barriers, in: unit)
    let last = day.adding(days: -day.parts.day)
    let oldest = String("\(last)".prefix(7))
    guard let newest = barriers.compactMap({ $0.key[0].string }).max(), newest >= oldest else {
      return [RuleBreach(.objectDraw, row: row, .barrierMissing)]
    }
    var breaches: [RuleBreach] = []
    for barrier in barriers where barrier.key[0] == .text(newest) {
      guard let entries = DrawJSON.read([FrameCut.Entry].self, from: barrier.text("cut")) else {
        continue
      }
      let needed = try drawing { () throws(DrawError) in try FrameCut(entries) }
      let here = try drawing { () throws(DrawError) in try cut.frameCut() }
      do throws(DrawError) {
        try here.requireCovering(needed)
      } catch {
        guard case .belowBarrier(let node, let has, let needs) = error else { continue }
        breaches.append(
          RuleBreach(
            .objectDraw, row: row, .barrierNotCovered(stream: node, has: has, needs: needs)))
      }
    }
    return breaches
  }
}
