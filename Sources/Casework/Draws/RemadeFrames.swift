internal import Causality
internal import Changes
internal import Inspection
internal import Store

/// The frames of a task as the rows at a cut give them.
struct RemadeFrames {
  /// The objects that are drawn from; nil where inspectors alone are drawn.
  var objects: Frame?
  /// The same by units, when they are of several.
  var spanning: SpanningFrame?
  /// The inspectors; nil where the units below draw theirs.
  var pool: InspectorFrame?
  var neighbours: InspectorFrame?

  /// Of the objects, or of the inspectors where those alone are drawn.
  var root: DrawHash { objects?.tree.root ?? pool?.tree.root ?? .zero }
  var rowCount: Int { objects?.rows.count ?? pool?.rows.count ?? 0 }

  func isSame(as header: FrameHeader) -> Bool {
    root == header.root && UInt64(rowCount) == header.rowCount
  }
}

extension CaseStore {
  /// The frames of a task at its cut; nil when the cut is not known here.
  func remake(
    _ task: FrozenTask, _ header: FrameHeader, unit: Scope
  ) throws(CaseworkError) -> RemadeFrames? {
    guard let cut = RosterCut(header.cut), let from = CivilDate(task.windowFrom),
      let to = CivilDate(task.windowTo)
    else { return nil }
    do throws(StoreError) {
      guard try cut.isKnown(at: replica) else { return nil }
    } catch {
      throw .store(error)
    }
    let frozenAt = header.frozenAtMilliseconds
    var made = RemadeFrames()
    if let check = task.check {
      made.objects = try frame(of: check, days: task.parameters.days, at: cut)
      return made
    }
    if header.kind == .objects {
      let choice = try choice(of: task, header, unit: unit, at: cut)
      if let units = task.parameters.units {
        let scopes = units.compactMap { Scope($0.unit) }
        let frame = try spanning(scopes, choice, cut: cut, frozenAt: frozenAt)
        (made.spanning, made.objects) = (frame, frame.frame)
        return made
      }
      let maker = FrameMaker(self, unit: unit, cut: cut, frozenAt: frozenAt)
      made.objects = try maker.objects(filter: choice.filter, risk: choice.risk)
    }
    let maker = FrameMaker(self, unit: unit, cut: cut, frozenAt: frozenAt)
    made.pool = try maker.inspectors(month: from)
    made.neighbours = try maker.neighbours(window: min(from, to)...to)
    return made
  }

  /// Which objects a task takes: its filter, and the risk grade of its line.
  typealias ObjectChoice = (filter: FilterExpression?, risk: LineRisk?)

  /// As the parameters and the list at the cut say. `unit`: who draws.
  func choice(
    of task: FrozenTask, _ header: FrameHeader, unit: Scope, at cut: RosterCut
  ) throws(CaseworkError) -> ObjectChoice {
    var filter: FilterExpression?
    if let text = task.parameters.filter {
      filter = try drawing(task.code) { () throws(DrawError) in
        do throws(FilterError) { return try FilterExpression(parsing: text) } catch {
          throw .filter(error)
        }
      }
    }
    let day = Instant(milliseconds: Int64(clamping: header.frozenAtMilliseconds)).date
    let list = try effectiveList(of: unit, on: day ?? CivilDate.latest, at: cut)
    let risk = LineRisk(
      items: (task.parameters.items ?? []).compactMap(list.item),
      strata: task.parameters.strata.map(\.stratum))
    return (filter, risk)
  }

  /// One frame over the rosters of units below. Cost: linear in their rows.
  func spanning(
    _ units: [Scope], _ choice: ObjectChoice, cut: RosterCut, frozenAt: UInt64
  ) throws(CaseworkError) -> SpanningFrame {
    var parts: [(unit: String, rows: [FrameRow])] = []
    for unit in units {
      let maker = FrameMaker(self, unit: unit, cut: cut, frozenAt: frozenAt)
      parts.append(
        ("\(unit)", try maker.objects(filter: choice.filter, risk: choice.risk).rows))
    }
    let rosters = parts
    return try drawing { () throws(DrawError) in try SpanningFrame(rosters) }
  }
}
