internal import Causality
internal import Changes
internal import Inspection
internal import Store

/// Whether a draw is what the unit signed: its plan is public, and the parameters of its draw follow from it.
extension CaseStore {
  /// What is wrong with a task that a unit below froze, by the plans that it knew at the cut; nil when one of them says
  /// the same. Of two disputed versions (C-10) each may be meant. `counts`: of the frame.
  func planBreach(
    _ task: FrozenTask, unit: Scope, at cut: RosterCut, counts: [StratumCount]
  ) throws(CaseworkError) -> RuleBreach? {
    guard task.check == nil else { return nil }
    let owner = task.share.flatMap { Scope($0.initiator) } ?? unit
    let plans = try rows(of: PlanTables.planTasks, in: owner, at: cut).filter {
      $0.key.last == .text(task.code)
    }
    for plan in plans.compactMap({ PlanTask($0) }) where try isSame(task, plan, counts) {
      return nil
    }
    return RuleBreach(.objectDraw, row: task.code, .planDiffers(task: task.code))
  }

  private func isSame(
    _ task: FrozenTask, _ plan: PlanTask, _ counts: [StratumCount]
  ) throws(CaseworkError) -> Bool {
    let drawn = task.parameters
    guard task.windowFrom == "\(plan.windowFrom)", task.windowTo == "\(plan.windowTo)",
      drawn.matching.map({ Int($0.teamSize) == plan.teamSize }) ?? true
    else { return false }
    // Objects that a tier above drew are bound by their share.
    if task.share != nil { return true }
    let planned = Freezer.strata(of: plan, in: counts).sorted { $0.stratum < $1.stratum }
    let filter = try Freezer.filter(of: plan)?.canonical
    return drawn.mode == Freezer.mode(of: plan) && drawn.filter == filter
      && Set(drawn.items ?? []) == Set(plan.itemCodes)
      && drawn.strata.sorted { $0.stratum < $1.stratum } == planned
  }
}
