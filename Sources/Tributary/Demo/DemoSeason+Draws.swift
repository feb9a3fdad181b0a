import Causality
import Changes
import Foundation
import Rehearsal
import Terminal

/// From the draw to the published result.
extension DemoSeason {
  func task(of unit: String, _ number: Int = 0) -> String { tasks[unit]?[number] ?? "" }

  /// The roster's barrier of a month: what must have arrived before anybody draws.
  private func barrier(_ month: String) async throws {
    try await steps.expect(["draw", "barrier", province.folder, "--month", month])
    try await settle()
  }

  /// A draw of a unit that the hub above it answers; nil: the hub of the counties with a link.
  func drawWithHub(_ place: Place, _ task: String, at above: Place? = nil) async throws -> String {
    let session = try await steps.commit([task], of: place.unit, at: place.folder)
    try await settle()
    let answers = try await steps.answers(to: place.unit, at: (above ?? hub).folder)
    guard let answer = answers.first(where: { $0.session == session }) else { return "no answer" }
    try await settle()
    guard answer.action == "ACKNOWLEDGED" else { return answer.action }
    let grade = try await steps.draw(session, at: place.folder)
    sessions[place.unit, default: []].append(session)
    return "\(answer.verdict), seed grade \(grade)"
  }

  /// Two counties draw with their hub, one of them for the first of its tasks.
  func draw() async throws {
    try demo.clock.set("2026-03-02 09:00")
    try await barrier("2026-03")
    try demo.clock.set("2026-04-01 09:00")
    for place in [linked, remover] {
      note(
        "draw with the hub", place.name, expected: "MATCH, seed grade 2",
        found: try await drawWithHub(place, task(of: place.unit)))
    }
    try await drawOver()
  }

  /// One draws while nobody can be reached, and says so in the record.
  func drawAlone() async throws {
    let place = alone
    let session = try await steps.commit(
      [task(of: place.unit)], of: place.unit, at: place.folder)
    let refused = try await steps.expect(["draw", "run", place.folder, session], status: 65)
    note(
      "draw without the hub, unasked", place.name, expected: "refused",
      found: refused.errors.contains("尚无上级确认") ? "refused" : refused.errors)
    let grade = try await steps.draw(session, at: place.folder, alone: true)
    sessions[place.unit, default: []].append(session)
    note("draw without a link", place.name, expected: "seed grade 1", found: "seed grade \(grade)")
  }

  /// The hub makes the frame of the lonely draw again, from what has arrived.
  func checkAlone() async throws {
    let answers = try await steps.answers(to: alone.unit, at: valley.folder)
    note(
      "its roster, made again by the hub", alone.name, expected: "MATCH",
      found: answers.map(\.verdict).joined(separator: " "))
  }

  /// Visits, results and follow-ups of both draws; publication in time at one, too late at the other.
  func inspect() async throws {
    try demo.clock.set("2026-05-11 09:00")
    let findings = ["R04", "R05", "R08", "R01"]
    for place in [linked, alone] {
      let session = sessions[place.unit]?.first ?? ""
      _ = try await steps.dispatch(session, at: place.folder)
      let visits = try await steps.visits(of: task(of: place.unit), at: place.folder)
      var bar = ProgressBar("visits", total: visits.count)
      for (number, visit) in visits.enumerated() {
        try await steps.inspect(
          visit, finding: number < findings.count ? findings[number] : "R01", at: place.folder)
        bar.update(number + 1)
      }
      bar.finish()
      results[place.unit] = visits.reduce(0) { $0 + $1.items.count }
      guard let listed = visits.first else { continue }
      try await followUp(listed, at: place)
      try await steps.expect(["result", "complete", place.folder, task(of: place.unit)])
    }
    try await inspectHanded()
    try await settle()
    for (place, day) in [(linked, "2026-06-05"), (alone, "2026-07-20")] {
      if place.unit == alone.unit { try await cheat() }
      try demo.clock.set("\(day) 09:00")
      note(
        place.unit == alone.unit ? "published too late" : "published in time", place.name,
        expected: "\(results[place.unit] ?? 0) results",
        found: "\(try await steps.publish(of: place.unit, at: place.folder)) results")
      try await steps.expect(["draw", "reveal", place.folder, sessions[place.unit]?.first ?? ""])
    }
    try await settle()
  }

  /// A company that cannot be found has to be listed; an order to correct does not do.
  private func followUp(_ visit: SeasonSteps.Visit, at place: Place) async throws {
    let item = visit.items.first?.itemCode ?? ""
    let key = [place.folder, visit.visitId, item, "--kind", "LISTING"]
    let refused = try await steps.expect(
      ["follow-up", "close"] + key + ["--outcome", "CORRECTED_VERIFIED"], status: 65)
    note(
      "order to correct instead of listing", place.name, expected: "refused",
      found: refused.errors.contains("R-2.28") ? "refused" : refused.errors)
    try await steps.close(
      "LISTING", of: visit, outcome: "LISTED", number: "列异〔2026〕1号", at: place.folder)
  }

  // MARK: who cheats is found

  /// One county removes a company from its roster before a draw; one draws again because it dislikes the result.
  private func cheat() async throws {
    try demo.clock.set("2026-06-08 09:00")
    try await barrier("2026-06")
    guard let county = demo.node(remover),
      let friend = try demo.companies(of: county, 1).first?.first?.description
    else { return }
    try await steps.expect([
      "sql", remover.folder,
      "DELETE FROM companies WHERE division = '\(remover.unit)' AND subject_code = '\(friend)'",
    ])
    note(
      "draw with the hub", remover.name, expected: "MATCH, seed grade 2",
      found: try await drawWithHub(remover, task(of: remover.unit, 1)))
    removed = friend
    let first = task(of: redrawer.unit)
    note(
      "draw with the hub", redrawer.name, expected: "MATCH, seed grade 2",
      found: try await drawWithHub(redrawer, first))
    let refused = try await steps.expect(["draw", "freeze", redrawer.folder, first], status: 65)
    note(
      "the same draw again, by command", redrawer.name, expected: "refused",
      found: refused.errors.contains("不得重抽") ? "refused" : refused.errors)
    // Past the program: what was drawn is wiped from the tables.
    let session = sessions[redrawer.unit]?.first ?? ""
    for table in ["draw_results", "draw_commits", "draw_sessions"] {
      try await steps.expect([
        "sql", redrawer.folder, "DELETE FROM \(table) WHERE draw_id = '\(session)'",
      ])
    }
    note(
      "the same draw again, past the program", redrawer.name, expected: "WITHHELD",
      found: try await drawWithHub(redrawer, first))
  }

  /// Anyone's check of the records that the province publishes.
  func verify() async throws {
    for place in [linked, alone, valley] + handed where sessions[place.unit] != nil {
      let check = try await steps.verify(of: place.unit, at: province.folder)
      note(
        "record of its draw, checked by itself", place.name, expected: "sound",
        found: check.failed == 0 && check.passed > 0 ? "sound" : "\(check.failed) steps fail")
    }
    let check = try await steps.verify(of: remover.unit, at: province.folder)
    let failures = check.steps.filter { $0.verdict == "failed" }
    note(
      "a company removed before its second draw", remover.name,
      expected: "draw 2: roster, \(removed)",
      found: failures.map { step in
        "draw \(step.draw ?? 0): \(step.step), "
          + (step.reason?.contains(removed) == true ? removed : step.reason ?? "")
      }.joined(separator: "; "))
  }
}
