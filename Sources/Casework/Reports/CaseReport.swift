internal import Causality
internal import Changes
package import Inspection
package import Store

/// The indicators of a node's unit and of all below it, at a causal cut. Source: domain.md §5.
///
/// Not Sendable: it reads the replica, in the task that owns it.
package struct CaseReport {
  private let replica: Replica
  private let divisions: DivisionTree
  let calendar: WorkingCalendar
  package let rules: RuleSet

  package init(
    _ replica: Replica, divisions: DivisionTree, calendar: WorkingCalendar,
    rules: RuleSet = RuleSet()
  ) {
    (self.replica, self.divisions) = (replica, divisions)
    (self.calendar, self.rules) = (calendar, rules)
  }

  var tree: ScopeTree { replica.tree }

  private var own: Scope { replica.identity.replica.node.scope }

  /// The cut of all that is known here now. Throws `store`.
  package func cut(
    asOf: Instant, days: ClosedRange<CivilDate>
  ) throws(CaseworkError) -> ReportCut {
    do throws(StoreError) {
      var contacts: [Scope: UInt64] = [:]
      for peer in try replica.peers() {
        guard let at = peer.lastContactMilliseconds else { continue }
        contacts[peer.replica.node.scope] = max(contacts[peer.replica.node.scope] ?? 0, at)
      }
      // A node is never silent to itself.
      contacts[own] = UInt64(clamping: asOf.milliseconds)
      let known = contacts.map { (scope: $0.key, at: $0.value) }.sorted { $0.scope < $1.scope }
      var unacknowledged: UInt64?
      var queued: UInt64?
      for peer in try replica.peers() where peer.isParent {
        queued = max(queued ?? 0, try replica.queuedBytes(for: peer.replica))
        for lag in try replica.lags(of: peer.replica) {
          guard let since = lag.behindSinceMilliseconds else { continue }
          unacknowledged = min(unacknowledged ?? since, since)
        }
      }
      return ReportCut(
        try replica.cut(), unit: "\(own)", asOf: asOf, days: days, rules: rules,
        calendar: calendar,
        contacts: known.map {
          ReportCut.Contact(unit: "\($0.scope)", atMilliseconds: Int64(clamping: $0.at))
        }, unacknowledged: unacknowledged.map { Int64(clamping: $0) },
        queuedBytes: queued.map { Int64(clamping: $0) })
    } catch {
      throw .store(error)
    }
  }

  /// The report at a cut: the same cut gives the same lines, now and later, here and on every node that holds
  /// the same streams.
  ///
  /// What is known now is read as it stands; an earlier cut is replayed from the log. Throws `cutUnusable` for a
  /// document that is none or was made under other rules, `store(cutUnreadable)` for a cut that this node
  /// cannot read. Cost: linear in the rows, and in the log for an earlier cut.
  package func report(at document: ReportCut) throws(CaseworkError) -> IndicatorReport {
    let cut = try checked(document)
    return try lines(
      document, cut, try document.days(), try top(of: document), try source(of: cut))
  }

  /// The knowledge of a cut that was made under the rules of today.
  func checked(_ document: ReportCut) throws(CaseworkError) -> Cut {
    guard document.rulesVersion == rules.version,
      document.calendarVersion == calendar.version
    else {
      throw .cutUnusable(
        "it was made under rules \(document.rulesVersion) and calendar "
          + "\(document.calendarVersion); here are \(rules.version) and \(calendar.version)")
    }
    return try document.cut()
  }

  /// The unit that a cut is of.
  func top(of document: ReportCut) throws(CaseworkError) -> Scope {
    guard let top = Scope(document.unit), replica.tree.contains(top) else {
      throw .cutUnusable("'\(document.unit)' is no unit")
    }
    return top
  }

  /// The period that figures of a cut are for.
  func period(of document: ReportCut) throws(CaseworkError) -> IndicatorPeriod {
    let days = try document.days()
    return IndicatorPeriod(
      days: days, asOf: document.asOf, today: document.asOf.date ?? days.upperBound,
      calendar: calendar, rules: rules)
  }

  /// What the facts of all units below one are read with.
  func reader(_ source: Replica, below top: Scope) throws(CaseworkError) -> FactsReader {
    try FactsReader(source, rules: rules, units: units(below: top).map(\.scope))
  }

  private func units(below top: Scope) -> [Division] {
    divisions.divisions.filter { replica.tree.isAtOrAbove(top, $0.scope) }
  }

  func source(of cut: Cut) throws(CaseworkError) -> Replica {
    do throws(StoreError) {
      // Rows that another program wrote and nobody stamped yet are in no cut.
      let hasUnstamped = try replica.hasCaptured()
      let isNow = try replica.cut() == cut
      return isNow && !hasUnstamped ? replica : try replica.rewound(to: cut)
    } catch {
      throw .store(error)
    }
  }

  private func lines(
    _ document: ReportCut, _ cut: Cut, _ days: ClosedRange<CivilDate>, _ top: Scope,
    _ source: Replica
  ) throws(CaseworkError) -> IndicatorReport {
    let written = try lastWritten(cut)
    let moved = try CaseStore(source, author: "", calendar: calendar, rules: rules) { 0 }
      .movedDivisions(on: document.asOf.date ?? days.upperBound)
    let period = try period(of: document)
    let units = units(below: top)
    var contacts: [String: Int64] = [:]
    for contact in document.contacts { contacts[contact.unit] = contact.atMilliseconds }
    var reader = try reader(source, below: top)
    let enrolled = try enrolledUnits(source)
    var reports: [UnitReport] = []
    for unit in units {
      let changed = written[unit.scope].map { Int64(clamping: $0) }
      let heard = [changed, contacts["\(unit.scope)"]].compactMap { $0 }.max()
        .map { Instant(milliseconds: $0) }
      guard let code = UnitCode("\(unit.scope)") else { continue }
      var figures: [Indicator: Figure]?
      var alarms: [Alarm] = []
      if heard != nil {
        var facts = try reader.facts(of: unit.scope, today: period.today)
        facts.sync.lastContactAt = heard
        facts.sync.lastChangeAt = changed.map { Instant(milliseconds: $0) }
        if "\(unit.scope)" == document.unit {
          facts.sync.oldestUnacknowledgedAt = document.unacknowledgedSinceMilliseconds.map {
            Instant(milliseconds: $0)
          }
          facts.sync.queuedBytes = document.queuedBytes.map { Int(clamping: $0) }
        }
        figures = facts.figures(period)
        alarms = facts.alarms(period)
        // The province receives plans and files none.
        if unit.parent == nil {
          for owed in Indicator.allCases where owed.isOwedByAll { figures?[owed] = nil }
        }
      }
      var owed: [Indicator: Figure] = [:]
      if heard == nil, enrolled.contains(unit.scope) {
        owed = reader.owed(by: unit.scope).figures(period).filter { $0.key.isOwedByAll }
      }
      reports.append(
        UnitReport(
          unit: code, name: unit.name,
          parent: unit.scope == top
            ? nil : (moved[unit.scope] ?? unit.parent).flatMap { UnitCode("\($0)") },
          cut: Self.shortHash(of: cut, unit.scope), lastContactAt: heard, figures: figures,
          owed: owed, isEnrolled: heard != nil || enrolled.contains(unit.scope), alarms: alarms))
    }
    return IndicatorReport(reports, asOf: document.asOf)
  }

  /// The units that have a node, as the hubs admitted them: who takes part owes its plans, heard of or not.
  private func enrolledUnits(_ source: Replica) throws(CaseworkError) -> Set<Scope> {
    do throws(StoreError) {
      return Set(try source.registeredReplicas().map(\.replica.node.scope))
    } catch {
      throw .store(error)
    }
  }

  /// When the nodes of each unit wrote the newest change set of the cut, by their clocks.
  private func lastWritten(_ cut: Cut) throws(CaseworkError) -> [Scope: UInt64] {
    var written: [Scope: UInt64] = [:]
    do throws(StoreError) {
      for entry in cut.entries {
        for known in entry.known.entries {
          let dot = Dot(stream: entry.stream, replica: known.replica, number: known.number)
          guard let at = try replica.writtenMilliseconds(dot) else { continue }
          let unit = known.replica.node.scope
          written[unit] = max(written[unit] ?? 0, at)
        }
      }
    } catch {
      throw .store(error)
    }
    return written
  }

  /// Twelve digits of the hash of what is known of a unit's streams; empty when nothing is.
  private static func shortHash(of cut: Cut, _ unit: Scope) -> String {
    let text = cut.entries.filter { $0.stream.scope == unit }
      .map { "\($0.stream)\($0.known)\n" }.joined()
    return text.isEmpty ? "" : String("\(DrawHash(hashing: Array(text.utf8)))".prefix(12))
  }
}
