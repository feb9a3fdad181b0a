internal import Simulator

/// The pictures of a rehearsal's page, each in two widths: for a desk and for a telephone.
struct Pictures {
  let scenario: Scenario
  let found: Measurements

  /// Widths in pixels.
  static let widths = [860, 340]

  private var end: Int {
    max(scenario.lengthMilliseconds, found.samples.last?.atMilliseconds ?? 0)
  }

  private func axes(
    _ width: Int, height: Int, _ unit: Axes.Unit, highest: Int, left: Int = 84, top: Int = 28
  ) -> Axes {
    let step = unit.step(highest)
    return Axes(
      left: left, right: width - 14, top: top, bottom: height - 42, end: end,
      highest: (highest + step - 1) / step * step, startMilliseconds: scenario.startMilliseconds)
  }

  // MARK: who was cut off

  /// A bar in a row of the picture of outages.
  private struct Band {
    let label: String
    let name: String
    let from: Int
    let to: Int
    let title: String
  }

  private var bands: [Band] {
    var list: [Band] = []
    for outage in scenario.outages {
      let name: String
      let (from, to): (Int, Int)
      switch outage.kind {
      case .cut: (name, from, to) = ("cut", outage.fromMilliseconds, outage.toMilliseconds)
      case .off: (name, from, to) = ("off", outage.fromMilliseconds, outage.toMilliseconds)
      case .backup:
        (name, from, to) = ("backup", outage.toMilliseconds, scenario.lengthMilliseconds)
      case .clock: (name, from, to) = ("clock", outage.fromMilliseconds, outage.toMilliseconds)
      }
      let shown = outage.places.count > 6 ? [] : outage.places
      let tiers = Set(outage.places.map { scenario.territory.divisions[$0].tier }).sorted()
      for place in shown {
        let division = scenario.territory.divisions[place]
        list.append(Band(label: division.name, name: name, from: from, to: to, title: outage.name))
        if outage.kind == .cut || outage.kind == .off {
          list += bandsBelow(place, outage, from, to)
        }
      }
      if shown.isEmpty {
        for tier in tiers {
          let count = outage.places.count { scenario.territory.divisions[$0].tier == tier }
          list.append(
            Band(
              label: "\(Figures.count(count)) \(scenario.territory.tierName(tier, count: count))",
              name: name,
              from: from, to: to, title: outage.name))
        }
      }
    }
    return list
  }

  /// Who is below a node that is off or cut off, a bar for each tier: next below a machine that is off nobody reaches a
  /// hub; all others reach theirs and are cut off with it.
  private func bandsBelow(
    _ place: Int, _ outage: Scenario.Outage, _ from: Int, _ to: Int
  ) -> [Band] {
    let territory = scenario.territory
    let own = territory.divisions[place].tier
    let tiers = territory.subtree(place).map { territory.divisions[$0].tier }.filter { $0 > own }
    return Set(tiers).sorted().map { tier in
      let count = tiers.count { $0 == tier }
      return Band(
        label: "↳ \(Figures.count(count)) \(territory.tierName(tier, count: count))",
        name: outage.kind == .off && tier == own + 1 ? "cut" : "behind", from: from, to: to,
        title: "\(outage.name): below \(territory.divisions[place].name)")
    }
  }

  /// Names of classes and what they mean, of those that the picture has.
  var outageLegend: [(name: String, text: String)] {
    let all = [
      ("cut", "no line to its hub"), ("behind", "has its hub, cut off with it"),
      ("off", "machine off"), ("backup", "works on an old copy of its disk"),
      ("clock", "wrong clock"),
    ]
    let used = Set(bands.map(\.name))
    return all.filter { used.contains($0.0) }.map { (name: $0.0, text: $0.1) }
  }

  func outages(_ width: Int) -> String {
    let bands = bands
    let left = min(230, width * 42 / 100)
    let height = 28 + bands.count * 26 + 50
    var drawing = Drawing(width: width, height: height)
    let axes = axes(width, height: height, .count, highest: 1, left: left, top: 14)
    axes.drawTime(on: &drawing)
    for (row, band) in bands.enumerated() {
      let y = 20 + row * 26
      drawing.text(left - 8, y + 14, Drawing.fitted(band.label, left - 12), .end)
      drawing.box(
        axes.x(band.from), y, max(2, axes.x(band.to) - axes.x(band.from)), 18, "band \(band.name)",
        title: "\(band.title): \(Figures.duration(band.to - band.from))")
    }
    return drawing.svg(label: "Who was cut off or off, and when")
  }

  // MARK: lag

  func lag(_ width: Int) -> String {
    let height = width > 500 ? 300 : 260
    let highest = found.samples.flatMap(\.worstLagMilliseconds).max() ?? 0
    let axes = axes(width, height: height, .duration, highest: max(1_000, highest))
    var drawing = Drawing(width: width, height: height)
    axes.draw(on: &drawing, .duration, title: "age of the oldest change that is missing")
    for tier in found.nodesPerTier.indices {
      drawing.path(
        found.samples.map { (axes.x($0.atMilliseconds), axes.y($0.worstLagMilliseconds[tier])) },
        "curve lag tier\(tier)")
    }
    return drawing.svg(label: "Lag of each tier over time")
  }

  // MARK: bytes

  func bytes(_ width: Int) -> String {
    let height = width > 500 ? 280 : 240
    let hours = found.bytesPerHour.map(\.count).max() ?? 0
    var sums: [Int] = []
    for hour in 0..<hours {
      sums.append(
        found.bytesPerHour.reduce(0) {
          $0 + ($1.indices.contains(hour) ? $1[hour].up + $1[hour].down : 0)
        })
    }
    let axes = axes(width, height: height, .bytes, highest: max(1_000, sums.max() ?? 0))
    var drawing = Drawing(width: width, height: height)
    axes.draw(on: &drawing, .bytes, title: "bytes per hour, both directions, all lines")
    for hour in 0..<hours where hour * 3_600_000 < end {
      let (from, to) = (axes.x(hour * 3_600_000), axes.x(min(end, (hour + 1) * 3_600_000)))
      var below = 0
      for (tier, list) in found.bytesPerHour.enumerated() where list.indices.contains(hour) {
        let amount = list[hour].up + list[hour].down
        guard amount > 0 else { continue }
        let (bottom, top) = (axes.y(below), axes.y(below + amount))
        below += amount
        drawing.box(
          from, top, max(1, to - from - (to - from > 4 ? 1 : 0)), max(0, bottom - top),
          "fill tier\(tier)",
          title: "\(lineName(tier)), hour \(hour): \(Figures.bytes(amount))")
      }
    }
    return drawing.svg(label: "Bytes per hour by tier of lines")
  }

  /// Which lines belong to a tier.
  func lineName(_ tier: Int) -> String {
    "lines of \(scenario.territory.tierName(tier))"
  }

  // MARK: conflicts and changes

  func conflicts(_ width: Int) -> String {
    let height = width > 500 ? 220 : 200
    let highest = found.samples.map(\.conflicts).max() ?? 0
    let axes = axes(width, height: height, .count, highest: max(5, highest + 1))
    var drawing = Drawing(width: width, height: height)
    axes.draw(on: &drawing, .count, title: "open conflicts at the top")
    drawing.path(
      steps(found.samples.map { (axes.x($0.atMilliseconds), axes.y($0.conflicts)) }), "curve tier0")
    return drawing.svg(label: "Open conflicts over time")
  }

  func underWay(_ width: Int) -> String {
    let height = width > 500 ? 220 : 200
    let highest = found.samples.map(\.underWay).max() ?? 0
    let axes = axes(width, height: height, .count, highest: max(5, highest + 1))
    var drawing = Drawing(width: width, height: height)
    axes.draw(on: &drawing, .count, title: "changes that somebody still lacks")
    drawing.path(
      steps(found.samples.map { (axes.x($0.atMilliseconds), axes.y($0.underWay)) }), "curve tier1")
    return drawing.svg(label: "Changes under way over time")
  }

  func changes(_ width: Int) -> String {
    let height = width > 500 ? 220 : 200
    let list = found.changesPerHour
    let axes = axes(width, height: height, .count, highest: max(5, list.max() ?? 0))
    var drawing = Drawing(width: width, height: height)
    axes.draw(on: &drawing, .count, title: "change sets written per hour, all nodes")
    for (hour, count) in list.enumerated() where count > 0 && hour * 3_600_000 < end {
      let (from, to) = (axes.x(hour * 3_600_000), axes.x(min(end, (hour + 1) * 3_600_000)))
      drawing.box(
        from, axes.y(count), max(1, to - from - (to - from > 4 ? 1 : 0)),
        axes.bottom - axes.y(count),
        "fill tier1", title: "hour \(hour): \(Figures.count(count))")
    }
    return drawing.svg(label: "Changes written per hour")
  }

  /// A curve that keeps each value until the next.
  private func steps(_ points: [(x: Int, y: Int)]) -> [(x: Int, y: Int)] {
    var list: [(x: Int, y: Int)] = []
    for point in points {
      if let last = list.last, last.y != point.y { list.append((point.x, last.y)) }
      if let last = list.last, last.x == point.x, last.y == point.y { continue }
      list.append(point)
    }
    return list
  }

  // MARK: agreeing again

  func recoveries(_ width: Int) -> String {
    let heals = found.heals
    let left = min(300, width * 42 / 100)
    let height = 34 + heals.count * 30 + 46
    let longest =
      heals.compactMap { heal in heal.doneAtMilliseconds.map { $0 - heal.atMilliseconds } }.max()
      ?? 0
    let highest = max(1_000, longest + longest / 6)
    let (right, bottom) = (width - 14, height - 42)
    var drawing = Drawing(width: width, height: height)
    func x(_ value: Int) -> Int {
      left + Int(Double(value) / Double(highest) * Double(right - left))
    }
    let unit = Axes.Unit.duration
    let step = unit.step(width > 500 ? highest : highest * 2)
    for value in stride(from: 0, through: highest, by: step) {
      drawing.line(x(value), 10, x(value), bottom, value == 0 ? "axis" : "grid")
      drawing.text(x(value), bottom + 18, unit.text(value), .middle)
    }
    drawing.text(right, bottom + 36, "until all that had waited was everywhere", .end, "name")
    for (row, heal) in heals.enumerated() {
      let y = 16 + row * 30
      drawing.text(left - 8, y + 15, Drawing.fitted(heal.name, left - 12), .end)
      let length = (heal.doneAtMilliseconds ?? heal.atMilliseconds + highest) - heal.atMilliseconds
      let text = heal.doneAtMilliseconds == nil ? "not in time" : Figures.duration(length)
      drawing.box(
        left, y, max(2, x(length) - left), 20,
        heal.doneAtMilliseconds == nil ? "band cut" : "fill tier2",
        title: "\(heal.name): \(text)")
      let isLong = x(length) + Drawing.textWidth(text) + 8 > right
      drawing.text(
        isLong ? x(length) - 6 : x(length) + 6, y + 15, text, isLong ? .end : .start,
        isLong ? "inside" : "label")
    }
    return drawing.svg(label: "Time to agree after each outage")
  }
}
