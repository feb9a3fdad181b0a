internal import Causality
internal import Changes
internal import Inspection
internal import Store

/// Counts of the rosters.
extension FactsReader {
  /// States in which an object is no more or gone, so that nothing can be checked.
  private static let goneStates: Set<String> = ["CANCELLED", "REVOKED", "RESCINDED", "MOVED_OUT"]

  /// Counts of the rosters; the credit classes of the objects that were visited on the way. A registered object
  /// counts as taken over by the unit (K14) when it is in a library or has a station in charge.
  func rosters(
    of unit: Scope, visited: inout VisitFacts, today: CivilDate
  ) throws(CaseworkError) -> UnitFacts.Rosters {
    var rosters = UnitFacts.Rosters()
    var members: Set<String> = []
    try read(FollowUpTables.libraryMembers, [], in: unit) { row in members.insert(row.keyText(0)) }
    var classes: [String: String] = [:]
    let wanted = visited.objects
    try read(
      RosterSchema.companies,
      [CompanyFields.registrationState, CompanyFields.station, CompanyFields.creditClass], in: unit
    ) { row in
      let isGone = !row.isEmpty(0) && Self.goneStates.contains(row.text(0))
      if isGone && wanted.isEmpty { return }
      let code = row.keyText(0)
      if wanted.contains(code) { classes[code] = row.text(2) }
      guard !isGone else { return }
      rosters.feedRows += 1
      if !row.isEmpty(1) || members.contains(code) { rosters.matchedFeedRows += 1 }
    }
    rosters.objects = rosters.feedRows
    visited.setClasses(classes)
    try readInspectors(of: unit, today: today, into: &rosters)
    return rosters
  }

  /// Who may be drawn: on duty, with a valid certificate and the training that the rules ask for (K16).
  private func readInspectors(
    of unit: Scope, today: CivilDate, into rosters: inout UnitFacts.Rosters
  ) throws(CaseworkError) {
    var trainings: [String: CivilDate] = [:]
    if rules.trainingMonths > 0 {
      try read(FollowUpTables.trainings, [], in: unit) { row in
        guard let day = CivilDate(row.keyText(1)), day <= today else { return }
        let code = row.keyText(0)
        trainings[code] = max(trainings[code] ?? day, day)
      }
    }
    var (all, valid) = (0, 0)
    try read(
      RosterSchema.inspectors, [InspectorFields.status, InspectorFields.certificateValidTo],
      in: unit
    ) { row in
      guard !["LEFT", "RETIRED"].contains(row.text(0)) else { return }
      all += 1
      guard row.text(0) == "ON_DUTY", let validTo = CivilDate(row.text(1)), validTo >= today,
        rules.isTrained(lastOn: trainings[row.keyText(0)], on: today)
      else { return }
      valid += 1
    }
    (rosters.inspectors, rosters.inspectorsValid) = (all, valid)
  }
}
