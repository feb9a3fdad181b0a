import Rehearsal
import Terminal

/// The draw of a prefecture over its counties' rosters: they draw their inspectors and visit.
extension DemoSeason {
  /// The prefecture draws companies, which its counties find to be of their rosters as these were; then the
  /// counties draw inspectors, each by its own next value.
  func drawOver() async throws {
    let code = task(of: valley.unit)
    note(
      "draw over its counties", valley.name, expected: "MATCH, seed grade 2",
      found: try await drawWithHub(valley, code, at: province))
    try await settle()
    for place in handed {
      guard let share = try await steps.shares(at: place.folder).first else { continue }
      note(
        "what it was given, from its own roster", place.name,
        expected: "\(companies(share.objects.count)), MATCH, signed",
        found: "\(companies(share.objects.count)), \(share.roster), "
          + (share.isSigned ? "signed" : "unsigned"))
      note(
        "draw of its inspectors", place.name, expected: "MATCH, seed grade 2",
        found: try await drawWithHub(place, code, at: valley))
    }
  }

  private func companies(_ count: Int) -> String { count == 1 ? "1 company" : "\(count) companies" }

  /// The counties visit, publish and reveal what they drew; then the prefecture, whose values would tell the lists.
  func inspectHanded() async throws {
    let code = task(of: valley.unit)
    for place in handed {
      guard let session = sessions[place.unit]?.first else { continue }
      _ = try await steps.dispatch(session, at: place.folder)
      let visits = try await steps.visits(of: code, at: place.folder)
      var bar = ProgressBar("visits", total: visits.count)
      for (number, visit) in visits.enumerated() {
        try await steps.inspect(visit, finding: "R01", at: place.folder)
        bar.update(number + 1)
      }
      bar.finish()
      try await steps.expect(["result", "complete", place.folder, code])
      _ = try await steps.publish(of: place.unit, at: place.folder)
      try await steps.expect(["draw", "reveal", place.folder, session])
    }
    try await settle()
    try await steps.expect([
      "draw", "reveal", valley.folder, sessions[valley.unit]?.first ?? "",
    ])
    try await steps.expect(["result", "complete", valley.folder, code])
  }
}
