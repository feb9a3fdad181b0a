package import Simulator

/// What a rehearsal showed, in sentences for an operator who has never seen the code.
package struct Findings: Sendable {
  let scenario: Scenario
  let found: Measurements

  package init(_ scenario: Scenario, _ found: Measurements) {
    (self.scenario, self.found) = (scenario, found)
  }

  /// A question of the operator and its answers.
  struct Answer {
    let question: String
    let sentences: [String]
  }

  var answers: [Answer] {
    [
      Answer(question: "What happened?", sentences: events),
      Answer(question: "Was local work hindered?", sentences: work),
      Answer(question: "Was anything lost?", sentences: losses),
      Answer(question: "How long until all agreed?", sentences: agreement),
      Answer(question: "How many bytes went over the worst line?", sentences: bytes),
      Answer(question: "What should be done?", sentences: advice),
    ]
  }

  /// The result in one sentence.
  var headline: String {
    if let problem = found.verdict.violation {
      return "The rehearsal failed: \(problem.detail) (\(problem.invariant))."
    }
    let lost =
      found.lost == 0
      ? "Nothing was lost" : "\(Figures.counted(found.lost, "change", "changes")) went with a disk"
    guard let agreed = found.agreedAtMilliseconds else {
      return
        "\(lost), but not everybody agrees yet, \(Figures.duration(scenario.settleMilliseconds)) after the end."
    }
    if found.heals.isEmpty, let slowest = found.deliveries.map(\.longestMilliseconds).max() {
      return
        "\(lost); no change took longer than \(Figures.duration(slowest)) to be where it belongs."
    }
    let last = found.heals.compactMap(\.doneAtMilliseconds).max()
    let when = last.map { "by \(moment($0)) everything that had waited was everywhere" }
    return
      "\(lost); \(when ?? "at the end, \(moment(agreed)), all \(count(found.nodesPerTier.reduce(0, +), "node", "nodes")) agreed")."
  }

  func moment(_ milliseconds: Int) -> String {
    CivilTime.shortText(scenario.startMilliseconds + milliseconds)
  }

  private func count(_ number: Int, _ one: String, _ many: String) -> String {
    Figures.counted(number, one, many)
  }

  // MARK: answers

  private var events: [String] {
    let tiers = found.nodesPerTier.enumerated().map { tier, number in
      "\(Figures.count(number)) \(scenario.territory.tierName(tier, count: number))"
    }
    var list = [
      "The tree: \(tiers.joined(separator: ", ")). From \(moment(0)) to \(moment(scenario.lengthMilliseconds)) "
        + "(China's time) \(count(done, "transaction was", "transactions were")) written."
    ]
    for outage in scenario.outages.sorted(by: { shownTime($0) < shownTime($1) }) {
      let from = moment(outage.fromMilliseconds)
      let length = Figures.duration(outage.toMilliseconds - outage.fromMilliseconds)
      switch outage.kind {
      case .cut:
        list.append("\(from): \(outage.name) (\(names(outage.places)) cut off for \(length)).")
      case .off: list.append("\(from): \(outage.name) (\(names(outage.places)) off for \(length)).")
      case .backup:
        list.append(
          "\(moment(outage.toMilliseconds)): \(outage.name) (the disk of \(names(outage.places)) is put "
            + "back as it was \(length) before).")
      case .clock(let milliseconds):
        list.append(
          "\(from): \(outage.name) (the clock of \(names(outage.places)) is \(Figures.duration(abs(milliseconds))) "
            + "\(milliseconds > 0 ? "ahead" : "behind") for \(length)).")
      }
    }
    return list
  }

  /// When an outage begins to be one.
  private func shownTime(_ outage: Scenario.Outage) -> Int {
    outage.kind == .backup ? outage.toMilliseconds : outage.fromMilliseconds
  }

  /// Up to three names; more by their number.
  func names(_ places: [Int]) -> String {
    if places.count > 3 {
      let tiers = Set(places.map { scenario.territory.divisions[$0].tier })
      let noun = tiers.count == 1 ? scenario.territory.tierName(tiers.first ?? 0) : "nodes"
      return "\(Figures.count(places.count)) \(noun)"
    }
    return places.map { scenario.territory.divisions[$0].name }.joined(separator: ", ")
  }

  private var done: Int { found.work.reduce(0) { $0 + $1.done } }

  private var work: [String] {
    let cut = found.work.reduce(0) { $0 + $1.doneWhileCut }
    let delayed = found.work.reduce(0) { $0 + $1.delayed }
    let refused = found.work.reduce(0) { $0 + $1.refused }
    var list: [String] = []
    if delayed + refused == 0 {
      list.append(
        "No. Every transaction was done at once at its own node, without waiting for any line.")
    }
    if cut > 0 {
      list.append(
        "\(count(cut, "transaction was", "transactions were")) done where the top could not be reached, as on any other day."
      )
    }
    if delayed > 0 {
      list.insert(
        "Only where a machine was off: \(count(delayed, "transaction", "transactions")) had to wait for it. All other nodes "
          + "went on.", at: 0)
    }
    if refused > 0 {
      list.append(
        "\(count(refused, "transaction was", "transactions were")) refused by a node that had noticed that its disk is an old "
          + "copy; it stays readable until it is set up anew.")
    }
    return list
  }

  private var losses: [String] {
    var list: [String] = []
    if found.lost > 0 {
      list.append(
        "\(count(found.lost, "change", "changes")) had not left the disk that was replaced, and went with it. Everything "
          + "that any other node had acknowledged is there.")
    } else if found.isSound {
      list.append("No. Every change is at every node that should hold it.")
    }
    for check in found.checks where !check.isPassed {
      list.append("It does not hold that \(check.name): \(check.detail).")
    }
    let conflicts = found.conflictsAtEnd
    list.append(
      conflicts == 0
        ? "No conflict is open."
        : "\(count(conflicts, "conflict is", "conflicts are")) open: two tiers changed the same fact without "
          + "knowing of each other. Both values are kept until a person decides.")
    return list
  }

  private var agreement: [String] {
    var list: [String] = []
    for heal in found.heals {
      let waiting = count(heal.waiting, "delivery", "deliveries")
      guard let done = heal.doneAtMilliseconds else {
        list.append(
          "\(heal.name): over at \(moment(heal.atMilliseconds)); of \(waiting) some are still missing."
        )
        continue
      }
      list.append(
        heal.waiting == 0
          ? "“\(heal.name)”: nothing had waited."
          : "“\(heal.name)” was over at \(moment(heal.atMilliseconds)); \(waiting) had waited and were complete "
            + "\(Figures.duration(done - heal.atMilliseconds)) later.")
    }
    for delivery in found.deliveries where joinsTopAndBottom(delivery) {
      list.append(
        "From \(scenario.territory.tierName(delivery.fromTier, count: 1)) to "
          + "\(scenario.territory.tierName(delivery.toTier, count: 1)): half of \(Figures.count(delivery.count)) deliveries took up "
          + "to \(Figures.duration(delivery.medianMilliseconds)), the slowest "
          + "\(Figures.duration(delivery.longestMilliseconds)).")
    }
    return list
  }

  private func joinsTopAndBottom(_ delivery: Measurements.Delivery) -> Bool {
    let bottom = found.nodesPerTier.count - 1
    return [delivery.fromTier, delivery.toTier].sorted() == [0, bottom]
  }

  // MARK: lines

  /// Lines by how much of their time they were busy, then by bytes.
  var busiestLines: [Measurements.LinkTotal] {
    found.links.sorted {
      ($0.busyMilliseconds, $0.upBytes + $0.downBytes, $1.node)
        > ($1.busyMilliseconds, $1.upBytes + $1.downBytes, $0.node)
    }
  }

  private var bytes: [String] {
    guard let worst = busiestLines.first else { return ["There is no line."] }
    let line = scenario.lines[worst.node]
    let whole = scenario.lengthMilliseconds
    var list = [
      "The busiest line is that of \(scenario.territory.fullName(worst.node)) (\(line.name), "
        + "\(Figures.bandwidth(line.upBitsPerSecond)) up, \(Figures.bandwidth(line.downBitsPerSecond)) down): "
        + "\(Figures.bytes(worst.upBytes)) up and \(Figures.bytes(worst.downBytes)) down, "
        + "\(Figures.bytes(worst.busiestHourBytes)) in its busiest hour. It was sending "
        + "\(Figures.share(worst.busyMilliseconds, of: whole)) of the time."
    ]
    let total = found.links.reduce(0) { $0 + $1.upBytes + $1.downBytes }
    list.append(
      "All \(Figures.count(found.links.count)) lines together carried \(Figures.bytes(total)), of which long polls and "
        + "greetings of idle nodes are a part that does not depend on the work.")
    let hits = found.links.filter { $0.quotaHits > 0 }
    if !hits.isEmpty {
      list.append(
        "\(count(hits.count, "line", "lines")) used the day's quota up and stood still until midnight."
      )
    }
    return list
  }

  private var advice: [String] {
    var list: [String] = []
    if found.heals.contains(where: { $0.waiting > 0 }) {
      list.append(
        "Nothing, when a line or a machine comes back: nodes call their hub by themselves, at the latest after five minutes."
      )
    }
    let longest = scenario.outages.filter { $0.kind == .cut }
      .max { $0.toMilliseconds - $0.fromMilliseconds < $1.toMilliseconds - $1.fromMilliseconds }
    if let longest, longest.toMilliseconds - longest.fromMilliseconds >= 86_400_000 {
      let bytes = found.heals.first { $0.name == longest.name }?.bytes ?? 0
      list.append(
        "When the hub must know earlier, carry a bundle (`tributary bundle export`, `import`): what had waited was "
          + "\(Figures.bytes(bytes)) on the line, which fits on any stick.")
    }
    for (node, reason) in found.stopped {
      list.append(
        "\(scenario.territory.divisions[node].name) writes no more, since others know changes of its own that its disk has not "
          + "(`tributary status` says: “\(reason)”). Keep its folder, set the node up anew with "
          + "`tributary init`, and have its hub admit it; never put a replica back from a copy while a newer one exists."
      )
    }
    if found.suspected > 0 {
      list.append(
        "Set the clock right: \(count(found.suspected, "change was", "changes were")) marked as ahead of their time. They lose "
          + "against honest concurrent ones; nothing else is wrong with them.")
    }
    if found.conflictsAtEnd > 0 {
      list.append(
        "Decide the open conflicts: `tributary conflicts list` at the top or at the county shows both values."
      )
    }
    for line in busiestLines.prefix(3) where line.busyMilliseconds * 4 > scenario.lengthMilliseconds
    {
      list.append(
        "The line of \(scenario.territory.divisions[line.node].name) is busy a quarter of the time or more: order a faster one, or keep "
          + "large values off it.")
    }
    return list.isEmpty ? ["Nothing."] : list
  }
}
