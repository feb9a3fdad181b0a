/// What a task takes of one stratum of objects. Source: domain.md §2.4a, §3.5.
package struct StratumRatio: Hashable, Sendable {
  /// Credit class, perhaps with a line risk: `C`, `C2`.
  package let stratum: String
  /// 抽查比例 in basis points, 0…10,000.
  package let ratioBp: Int
  package let minimum: Int
  package let maximum: Int?

  package init(_ stratum: String, ratioBp: Int, minimum: Int = 1, maximum: Int? = nil) {
    (self.stratum, self.ratioBp, self.minimum, self.maximum) = (
      stratum, ratioBp, minimum, maximum
    )
  }

  /// Objects taken out of `eligible`: n = min(N, max, max(min, ⌈N·ratio⌉)). Source: domain.md §4.5 step 9.
  package func quota(of eligible: Int) -> Int {
    let share = (eligible * ratioBp + 9_999) / 10_000
    return min(eligible, maximum ?? eligible, max(minimum, share))
  }
}

/// 抽查任务 of a plan version. Source: domain.md §2.4a.
package struct PlanTask: Hashable, Sendable {
  /// 任务编号: unit (6 or 8 digits), year, four digits of sequence, e.g. `530102-2026-0001`.
  package let code: String
  package var name: String
  package var source: TaskSource
  package var origin: CheckOrigin
  package var itemCodes: [String]
  /// 检查对象库.
  package var library: String
  package var drawType: DrawType
  /// Fields that the filter of a directed draw names; empty without a filter.
  package var filterFields: [String]
  /// The filter itself, as Protocol/10-Draw.md §5 writes it; empty without one.
  package var filter: String
  package var strata: [StratumRatio]
  /// 发起部门 and 实施部门; two different ones or more make it a joint task.
  package var departments: [String]
  package var windowFrom: CivilDate
  package var windowTo: CivilDate
  package var teamSize: Int
  package var isListPublic: Bool
  package var approver: String
  package var requirementID: String?
  /// The finding that a special check of a risk rests on.
  package var riskAnalysis: String?
  /// 实施单位: codes of units below whose rosters are drawn from and who visit; a unit stands for those below it
  /// too. Empty: the own roster, the own visits.
  package var implementers: [String]

  package init(
    code: String, name: String, source: TaskSource = .plan, origin: CheckOrigin = .random,
    itemCodes: [String], library: String, drawType: DrawType = .undirected,
    filterFields: [String] = [], filter: String = "", strata: [StratumRatio],
    departments: [String] = [],
    windowFrom: CivilDate, windowTo: CivilDate, teamSize: Int = 2, isListPublic: Bool = true,
    approver: String = "", requirementID: String? = nil, riskAnalysis: String? = nil,
    implementers: [String] = []
  ) {
    (self.code, self.name, self.source, self.origin) = (code, name, source, origin)
    (self.itemCodes, self.library, self.drawType) = (itemCodes, library, drawType)
    (self.filterFields, self.filter) = (filterFields, filter)
    (self.strata, self.departments) = (strata, departments)
    (self.windowFrom, self.windowTo, self.teamSize) = (windowFrom, windowTo, teamSize)
    (self.isListPublic, self.approver) = (isListPublic, approver)
    (self.requirementID, self.riskAnalysis) = (requirementID, riskAnalysis)
    self.implementers = implementers
  }

  package var isJoint: Bool { Set(departments).count >= 2 }

  /// The greatest ratio of a stratum, in basis points.
  package var highestRatioBp: Int { strata.map(\.ratioBp).max() ?? 0 }

  /// The share of all objects that the task takes, in basis points, rounded up, when the strata are as large as given;
  /// strata without a count are empty. `floor`: the share that the minimum of each stratum alone takes, and that of one
  /// object, whichever is larger: below it no draw can go. 0 without objects.
  package func ratioBp(of eligible: [String: Int]) -> (ratio: Int, floor: Int) {
    let base = eligible.values.reduce(0, +)
    guard base > 0 else { return (0, 0) }
    func share(_ taken: Int) -> Int { (taken * 10_000 + base - 1) / base }
    var (taken, floor) = (0, 0)
    for stratum in strata {
      let (count, quota) = (
        eligible[stratum.stratum] ?? 0, stratum.quota(of: eligible[stratum.stratum] ?? 0)
      )
      taken += quota
      floor += min(quota, stratum.minimum, count)
    }
    return (share(taken), share(max(floor, 1)))
  }

  /// The share that the ratios alone take, in basis points: from the rules' threshold on the order of batches is drawn
  /// . 0 without objects.
  package func weightedRatioBp(of eligible: [String: Int]) -> Int {
    let base = eligible.values.reduce(0, +)
    guard base > 0 else { return 0 }
    return strata.reduce(0) { $0 + $1.ratioBp * (eligible[$1.stratum] ?? 0) } / base
  }
}

/// 抽查要求 of a provincial line. Source.
package struct LineRequirement: Hashable, Sendable {
  /// 总局 sets what nobody below may edit.
  package enum Source: String, ListedCode {
    case province = "PROVINCE"
    case administration = "SAMR"

    package var title: String { self == .province ? "省局" : "总局" }
  }

  package let id: String
  package let year: Int
  package let line: String
  package let itemCode: String
  /// Least share of the objects, in basis points.
  package let ratioBp: Int
  /// 最低户数.
  package let minimumCount: Int
  /// 地区比重 by division; empty: all divisions are addressed.
  package let regionWeights: [String: Int]
  package let windowFrom: CivilDate?
  package let windowTo: CivilDate?
  package let source: Source
  package let isMandatory: Bool

  package init(
    id: String, year: Int, line: String, itemCode: String, ratioBp: Int, minimumCount: Int = 0,
    regionWeights: [String: Int] = [:], windowFrom: CivilDate? = nil, windowTo: CivilDate? = nil,
    source: Source = .province, isMandatory: Bool = true
  ) {
    (self.id, self.year, self.line, self.itemCode) = (id, year, line, itemCode)
    (self.ratioBp, self.minimumCount, self.regionWeights) = (ratioBp, minimumCount, regionWeights)
    (self.windowFrom, self.windowTo) = (windowFrom, windowTo)
    (self.source, self.isMandatory) = (source, isMandatory)
  }

  /// Whether a unit is addressed: its division has a weight above 0, or there are no weights.
  package func addresses(_ unit: UnitCode) -> Bool {
    regionWeights.isEmpty || (regionWeights[String(unit.division)] ?? 0) > 0
  }

  /// Whether a task meets it: it names the item, some stratum has at least the ratio, its window meets the asked one,
  /// and it takes as many objects as are asked for, or all there are, where `eligible` counts them by stratum.
  package func isMet(by task: PlanTask, eligible: [String: Int]? = nil) -> Bool {
    guard task.itemCodes.contains(itemCode), task.highestRatioBp >= ratioBp else { return false }
    if let eligible {
      let taken = task.strata.reduce(0) { $0 + $1.quota(of: eligible[$1.stratum] ?? 0) }
      guard taken >= min(minimumCount, eligible.values.reduce(0, +)) else { return false }
    }
    let from = max(task.windowFrom, windowFrom ?? task.windowFrom)
    return from <= min(task.windowTo, windowTo ?? task.windowTo)
  }
}
