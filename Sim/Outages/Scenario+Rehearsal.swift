internal import Causality
package import Simulator

extension Scenario {
  /// Set-up before anything is measured: companies are written and reach everybody.
  static let warmUpMilliseconds = 3_600_000

  /// The scenario as the simulator runs it. Throws when a table or the work cannot be made.
  package func rehearsal() throws(ScenarioError) -> Rehearsal {
    let warmUp = Self.warmUpMilliseconds
    var outages: [Simulator.Outage] = []
    for outage in self.outages {
      let kind: Simulator.Outage.Kind
      switch outage.kind {
      case .cut: kind = .cut
      case .off: kind = .down
      case .backup: kind = .restore
      case .clock(let milliseconds): kind = .clock(milliseconds)
      }
      outages.append(
        Simulator.Outage(
          kind, outage.places, from: warmUp + outage.fromMilliseconds,
          to: warmUp + outage.toMilliseconds, name: outage.name))
    }
    return Rehearsal(
      seed: seed, nodes: territory.nodes, links: lines,
      schema: try WorkTables.schema(feedTier: workload.feedTier),
      wallMilliseconds: UInt64(max(0, startMilliseconds - warmUp)), warmUpMilliseconds: warmUp,
      durationMilliseconds: lengthMilliseconds, settleMilliseconds: settleMilliseconds,
      sampleMilliseconds: max(60_000, lengthMilliseconds / 480),
      kinds: WorkKind.allCases.map(\.title),
      work: WorkPlanner(scenario: self, warmUpMilliseconds: warmUp).work(),
      content: try InspectionWork(self), outages: outages)
  }
}
