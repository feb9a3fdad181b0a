internal import Causality
internal import Changes
internal import Inspection
internal import Store

/// The visits of one unit with their items, results, teams and evidence, while its facts are read.
struct VisitFacts {
  private struct Visit {
    let id: String
    let object: String
    let task: String
    let origin: CheckOrigin
    let window: ClosedRange<CivilDate>
    let state: String
    /// It could not take place since the object is gone: that counts as checked (C-06).
    let isDeregistered: Bool
    var visitedOn: CivilDate?
    /// Nobody entered how: an open visit is planned to be on site.
    var isOnSite = true
    var hasMethods = false
    var itemCount = 0
    var publishedCount = 0
    var departments: [String] = []
    var inspectorCount = 0
    var hasEvidence = false
    var creditClass = "N"
  }

  private var visits: [Visit] = []
  private var index: [String: Int] = [:]
  private var links: [(String, String)] = []
  private(set) var results: [UnitFacts.Result] = []
  private(set) var assignments: [UnitFacts.Assignment] = []
  /// When each result became final.
  private(set) var finalOn: [ResultKey: CivilDate] = [:]
  /// The tasks that have visits.
  private(set) var tasks: Set<String> = []

  var objects: Set<String> { Set(visits.map(\.object)) }

  /// Reads visits, links, teams and evidence.
  init(_ unit: Scope, _ reader: FactsReader) throws(CaseworkError) {
    var found: [Visit] = []
    var places: [String: Int] = [:]
    let columns = [
      "subject_code", "task_code", "origin", "window_from", "window_to", "state", "visited_on",
      "impossible_reason",
    ]
    try reader.read(VisitTables.visits, columns, in: unit) { row in
      guard let from = CivilDate(row.text(3)), let to = CivilDate(row.text(4)) else { return }
      places[row.keyText(0)] = found.count
      found.append(
        Visit(
          id: row.keyText(0), object: row.text(0), task: row.text(1),
          origin: CheckOrigin(rawValue: row.text(2)) ?? .routine,
          window: from...max(from, to), state: row.text(5),
          isDeregistered: row.text(5) == "IMPOSSIBLE"
            && row.text(7) == ImpossibleReason.deregistered.rawValue,
          visitedOn: CivilDate(row.text(6))))
    }
    var links: [(String, String)] = []
    try reader.read(VisitTables.visitLinks, [], in: unit) { row in
      links.append((row.keyText(0), row.keyText(1)))
    }
    try reader.read(VisitTables.evidence, [], in: unit) { row in
      if let place = places[row.keyText(0)] { found[place].hasEvidence = true }
    }
    var assignments: [UnitFacts.Assignment] = []
    try reader.read(
      VisitTables.assignments, ["role", "mode", "eligible_count", "superseded_by", "draw_id"],
      in: unit
    ) { row in
      guard row.text(0) != TeamRole.expert.rawValue else { return }
      let isReplaced = !row.isEmpty(3)
      if !isReplaced, let place = places[row.keyText(0)] { found[place].inspectorCount += 1 }
      // Who goes on a check without a draw was matched by nothing.
      guard !row.isEmpty(4), let mode = AssignmentMode(rawValue: row.text(1)) else { return }
      let hasShortage = row.integer(2).map { $0 < 2 } ?? false
      assignments.append(
        UnitFacts.Assignment(
          mode: mode, hasRecordedShortage: hasShortage, isReplaced: isReplaced,
          visit: row.keyText(0)))
    }
    (visits, index, self.links, self.assignments) = (found, places, links, assignments)
    tasks = Set(found.map(\.task))
  }

  /// What is known of one result beside its final row.
  private struct Entry {
    var drawID = ""
    var origin = ""
    var hasChecklist = false
    var dueOn: CivilDate?
    var publishedOn: CivilDate?
    var isExempt = false
    var listedOn: CivilDate?
    var amendedFindings: String?
  }

  /// Reads items, results, publications and listings of the visits.
  mutating func readResults(
    _ unit: Scope, _ reader: FactsReader, tasks: [String: FactsReader.Task], draws: Set<String>
  ) throws(CaseworkError) {
    var (visits, entries) = (self.visits, [ResultKey: Entry]())
    let index = index
    try reader.read(VisitTables.visitItems, ["origin", "draw_id"], in: unit) { row in
      let key = FactsReader.key(row)
      entries[key, default: Entry()].origin = row.text(0)
      entries[key, default: Entry()].drawID = row.text(1)
      guard let place = index[key.visit] else { return }
      visits[place].itemCount += 1
      if !visits[place].departments.contains(key.department) {
        visits[place].departments.append(key.department)
      }
    }
    try reader.read(VisitTables.results, ["methods", "checklist"], in: unit) { row in
      let key = FactsReader.key(row)
      if !row.isEmpty(1) { entries[key, default: Entry()].hasChecklist = true }
      guard let place = index[key.visit], !row.isEmpty(0) else { return }
      let methods = CodeSet<CheckMethod>(text: row.text(0)).codes.compactMap(\.known)
      let enters = methods.contains(where: \.entersEnterprise)
      visits[place].isOnSite = visits[place].hasMethods ? visits[place].isOnSite || enters : enters
      visits[place].hasMethods = true
    }
    try reader.read(
      VisitTables.publications, ["due_on", "published_on", "state"], in: unit
    ) { row in
      let key = FactsReader.key(row)
      var entry = entries[key] ?? Entry()
      entry.dueOn = CivilDate(row.text(0))
      entry.publishedOn = CivilDate(row.text(1))
      entry.isExempt = row.text(2) == "EXEMPT"
      entries[key] = entry
      if entry.publishedOn != nil || entry.isExempt, let place = index[key.visit] {
        visits[place].publishedCount += 1
      }
    }
    try readListings(unit, reader, &entries)
    try readFinal(unit, reader, &visits, entries, tasks: tasks, draws: draws)
    self.visits = visits
  }

  private func readListings(
    _ unit: Scope, _ reader: FactsReader, _ entries: inout [ResultKey: Entry]
  ) throws(CaseworkError) {
    var found = entries
    try reader.read(FollowUpTables.followUps, ["outcome", "finished_on"], in: unit) { row in
      guard row.keyText(3) == FollowUpKind.listing.rawValue,
        row.text(0) == FollowUpOutcome.listed.rawValue
      else { return }
      found[FactsReader.key(row), default: Entry()].listedOn = CivilDate(row.text(1))
    }
    try reader.read(VisitTables.amendments, ["field", "new_content"], in: unit) { row in
      guard row.text(0) == "findings" else { return }
      found[FactsReader.key(row), default: Entry()].amendedFindings = row.text(1)
    }
    entries = found
  }

  private mutating func readFinal(
    _ unit: Scope, _ reader: FactsReader, _ visits: inout [Visit], _ entries: [ResultKey: Entry],
    tasks: [String: FactsReader.Task], draws: Set<String>
  ) throws(CaseworkError) {
    var (results, finalOn, changed) = ([UnitFacts.Result](), [ResultKey: CivilDate](), visits)
    let index = index
    try reader.read(
      VisitTables.finalResults, ["findings", "checked_on", "final_on"], in: unit
    ) { row in
      let key = FactsReader.key(row)
      guard let checkedOn = CivilDate(row.text(1)) else { return }
      finalOn[key] = CivilDate(row.text(2)) ?? checkedOn
      let entry = entries[key] ?? Entry()
      let place = index[key.visit]
      let visit = place.map { changed[$0] }
      if let place {
        changed[place].visitedOn = max(changed[place].visitedOn ?? checkedOn, checkedOn)
      }
      let task = visit.flatMap { tasks[$0.task] }
      results.append(
        UnitFacts.Result(
          row: key.row, checkedOn: checkedOn,
          findings: CodeSet(text: entry.amendedFindings ?? row.text(0)),
          completedOn: task?.completedOn, publicationDue: entry.dueOn,
          publishedOn: entry.publishedOn, isExempt: entry.isExempt,
          isChainComplete: Self.isComplete(entry, visit, task, draws), listedOn: entry.listedOn,
          isDangling: visit == nil))
    }
    (self.results, self.finalOn, visits) = (results, finalOn, changed)
  }

  /// Item, plan, frame, draw, assignment, checklist and evidence are all there. What is checked without
  /// a draw by its origin needs none.
  private static func isComplete(
    _ entry: Entry, _ visit: Visit?, _ task: FactsReader.Task?, _ draws: Set<String>
  ) -> Bool {
    guard let visit, entry.hasChecklist, visit.hasEvidence, visit.inspectorCount >= 2 else {
      return false
    }
    guard entry.origin == CheckOrigin.random.rawValue else { return true }
    return task != nil && draws.contains(entry.drawID)
  }

  mutating func setClasses(_ classes: [String: String]) {
    for place in visits.indices {
      if let found = classes[visits[place].object], !found.isEmpty {
        visits[place].creditClass = found
      }
    }
  }

  /// One fact for each visit; visits that were merged are one (R-2.19, C-11, C-12).
  var facts: [UnitFacts.Visit] {
    var joined = visits
    var isShown = [Bool](repeating: true, count: visits.count)
    var ids = visits.map { [$0.id] }
    for (place, others) in mergedPlaces {
      for other in others {
        joined[place].itemCount += visits[other].itemCount
        for department in visits[other].departments
        where !joined[place].departments.contains(department) {
          joined[place].departments.append(department)
        }
        joined[place].publishedCount += visits[other].publishedCount
        joined[place].isOnSite = joined[place].isOnSite || visits[other].isOnSite
        joined[place].visitedOn =
          [joined[place].visitedOn, visits[other].visitedOn].compactMap { $0 }.max()
        isShown[other] = false
        ids[place].append(visits[other].id)
      }
    }
    return joined.indices.filter { isShown[$0] }.map { place in
      let visit = joined[place]
      return UnitFacts.Visit(
        object: visit.object, creditClass: visit.creditClass, origin: visit.origin,
        windowTo: visit.window.upperBound, visitedOn: visit.visitedOn, isOnSite: visit.isOnSite,
        itemCount: visit.itemCount, departmentCount: visit.departments.count,
        isPublished: visit.isDeregistered
          || visit.itemCount > 0 && visit.publishedCount >= visit.itemCount,
        isPostDrawChange: visit.state == "CANCELLED", ids: ids[place], task: visit.task)
    }
  }

  /// The first visit of each merged group, with the others.
  private var mergedPlaces: [(Int, [Int])] {
    guard !links.isEmpty, let unit = UnitCode("000000") else { return [] }
    var others: [String: [String]] = [:]
    for (visit, other) in links { others[visit, default: []].append(other) }
    let linked = Set(links.flatMap { [$0.0, $0.1] }).sorted()
    let nodes = linked.compactMap { id in
      index[id].map { place in
        VisitMerge.Visit(
          id: id, object: visits[place].object, unit: unit, window: visits[place].window,
          mergedFrom: others[id] ?? [])
      }
    }
    return VisitMerge.united(nodes).filter { !$0.needsReview }.compactMap { group in
      let places = group.visits.compactMap { index[$0] }
      return places.first.map { ($0, Array(places.dropFirst())) }
    }
  }
}
