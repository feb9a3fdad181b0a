import Casework
import Foundation
import Inspection
import Terminal

/// A plan as a file that people fill in: JSON with snake_case names; `plan make` writes a first one.
struct PlanFile: Codable {
  struct Stratum: Codable {
    var stratum: String
    var ratioBp: Int
    var minimum: Int?
    var maximum: Int?
  }

  struct Task: Codable {
    var code: String
    var name: String
    var itemCodes: [String]
    var library: String?
    var source: String?
    var origin: String?
    var drawType: String?
    /// As Protocol/10-Draw.md §5 writes it.
    var filter: String?
    var strata: [Stratum]
    var departments: [String]?
    var windowFrom: String
    var windowTo: String
    var teamSize: Int?
    var isListPublic: Bool?
    var approver: String?
    var requirementId: String?
    var riskAnalysis: String?
    /// Codes of the units below that visit; their rosters are drawn from.
    var implementers: [String]?
  }

  var year: Int
  /// ANNUAL or JOINT.
  var kind: String
  var version: Int
  var title: String
  var reason: String?
  var meetingOn: String?
  /// Why a requirement has no task, by its id.
  var unmetReasons: [String: String]?
  var tasks: [Task]

  static func read(_ path: String) throws(Problem) -> PlanFile {
    let bytes = try FileAccess.read(path, limit: 16 << 20)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let plan: PlanFile
    do { plan = try decoder.decode(PlanFile.self, from: Data(bytes)) } catch {
      throw Problem(
        "this is no plan", on: path, because: DecodingFault.text(of: error),
        next: ["`tributary plan make DIR` prints one to fill in."], status: .data)
    }
    // What is spelled otherwise would be left out without a word.
    if let name = unknownMember(Data(bytes)) {
      throw Problem(
        "the plan has a member that is unknown", on: path, because: "nothing is called '\(name)'",
        next: ["Correct or remove it; `tributary plan make --help` names all members."],
        status: .data)
    }
    return plan
  }

  /// The first member of a plan, task or stratum that has no meaning; nil without one.
  private static func unknownMember(_ data: Data) -> String? {
    // It was read as a plan before.
    guard let plan = try? JSONSerialization.jsonObject(with: data) as? [String: Any] else {
      return nil
    }
    let tasks = plan["tasks"] as? [[String: Any]] ?? []
    let strata = tasks.flatMap { $0["strata"] as? [[String: Any]] ?? [] }
    for (objects, known) in [([plan], members), (tasks, taskMembers), (strata, stratumMembers)] {
      let unknown = objects.flatMap(\.keys).filter { !known.contains($0) }
      if let first = unknown.min() { return first }
    }
    return nil
  }

  static let members: Set = [
    "year", "kind", "version", "title", "reason", "meeting_on", "unmet_reasons", "tasks",
  ]
  static let taskMembers: Set = [
    "code", "name", "item_codes", "library", "source", "origin", "draw_type", "filter", "strata",
    "departments", "window_from", "window_to", "team_size", "is_list_public", "approver",
    "requirement_id", "risk_analysis", "implementers",
  ]
  static let stratumMembers: Set = ["stratum", "ratio_bp", "minimum", "maximum"]

  /// The plan; signed now by `signer`. Throws what is wrong with a value.
  func plan(
    unit: UnitCode, signedBy signer: String, at milliseconds: UInt64
  ) throws(RuleBreach) -> Plan {
    let row = "\(unit)/\(year)/\(version)"
    guard let kind = Self.kinds[kind] else {
      throw RuleBreach(
        .annualPlan, row: row,
        .notOneOf(field: "kind", value: kind, codes: Self.kinds.keys.sorted()))
    }
    var tasks: [PlanTask] = []
    for task in self.tasks { tasks.append(try task.planTask(kind.requirement)) }
    let meeting = try meetingOn.map { text throws(RuleBreach) in
      try Self.day(text, "meeting_on", row, .jointPlan)
    }
    return Plan(
      unit: unit, year: year, kind: kind, version: version, title: title, tasks: tasks,
      signedBy: signer, signedAt: Instant(milliseconds: Int64(clamping: milliseconds)),
      reason: reason ?? "", unmetReasons: unmetReasons ?? [:], meetingOn: meeting)
  }

  static func day(
    _ text: String, _ field: String, _ row: String, _ requirement: Requirement
  ) throws(RuleBreach) -> CivilDate {
    guard let day = CivilDate(text) else {
      throw RuleBreach(requirement, row: row, .malformed(field: field, value: text))
    }
    return day
  }

  static let kinds: [String: FiledPlan] = ["ANNUAL": .annual, "JOINT": .joint]

  /// The next version of a plan, to fill in.
  init(next plan: Plan) {
    (year, kind) = (plan.year, plan.kind == .annual ? "ANNUAL" : "JOINT")
    (version, title) = (plan.version + 1, plan.title)
    (reason, meetingOn) = ("", plan.meetingOn?.description)
    unmetReasons = plan.unmetReasons
    tasks = plan.tasks.map(Task.init)
  }

  /// A first plan with one task, to fill in.
  init(firstOf year: Int, kind: FiledPlan, unit: UnitCode) {
    let isJoint = kind == .joint
    (self.year, version) = (year, 1)
    (self.kind, title) =
      isJoint ? ("JOINT", "\(year)年度联合抽查工作计划") : ("ANNUAL", "\(year)年度抽查工作计划")
    (reason, meetingOn, unmetReasons) = (nil, nil, [:])
    tasks = [
      Task(
        code: "\(unit)-\(year)-0001", name: "登记事项检查", itemCodes: ["Y0101"],
        library: "companies", source: "PLAN", origin: "RANDOM", drawType: "UNDIRECTED",
        filter: nil,
        strata: ["A", "B", "C", "D"].enumerated().map { number, letter in
          Stratum(
            stratum: letter, ratioBp: [100, 300, 1_000, 2_000][number], minimum: 1, maximum: nil)
        }, departments: nil, windowFrom: "\(year)-04-01", windowTo: "\(year)-10-31", teamSize: 2,
        isListPublic: true, approver: "", requirementId: nil, riskAnalysis: nil,
        implementers: nil)
    ]
  }
}

extension PlanFile.Task {
  init(_ task: PlanTask) {
    (code, name, itemCodes, library) = (task.code, task.name, task.itemCodes, task.library)
    (source, origin) = (task.source.rawValue, task.origin.rawValue)
    (drawType, filter) = (task.drawType.rawValue, task.filter.isEmpty ? nil : task.filter)
    strata = task.strata.map {
      PlanFile.Stratum(
        stratum: $0.stratum, ratioBp: $0.ratioBp, minimum: $0.minimum, maximum: $0.maximum)
    }
    departments = task.departments
    (windowFrom, windowTo) = ("\(task.windowFrom)", "\(task.windowTo)")
    (teamSize, isListPublic) = (task.teamSize, task.isListPublic)
    (approver, requirementId) = (task.approver, task.requirementID)
    riskAnalysis = task.riskAnalysis
    implementers = task.implementers.isEmpty ? nil : task.implementers
  }

  private func listed<Code: RawRepresentable & CaseIterable>(
    _ field: String, _ text: String?, _ unsaid: Code, _ requirement: Requirement
  ) throws(RuleBreach) -> Code where Code.RawValue == String {
    guard let text else { return unsaid }
    guard let found = Code(rawValue: text) else {
      throw RuleBreach(
        requirement, row: code,
        .notOneOf(field: field, value: text, codes: Code.allCases.map(\.rawValue)))
    }
    return found
  }

  /// The task. Throws what is wrong with a value.
  func planTask(_ requirement: Requirement) throws(RuleBreach) -> PlanTask {
    let from = try PlanFile.day(windowFrom, "window_from", code, requirement)
    let to = try PlanFile.day(windowTo, "window_to", code, requirement)
    let source = try listed("source", source, TaskSource.plan, requirement)
    let origin = try listed("origin", origin, CheckOrigin.random, requirement)
    let type = try listed("draw_type", drawType, DrawType.undirected, requirement)
    var fields: [String] = []
    if let filter {
      do throws(FilterError) {
        fields = try FilterExpression(parsing: filter).fields.map(\.rawValue)
      } catch {
        throw RuleBreach(.directedDraw, row: code, .draw(.filter(error)))
      }
    }
    return PlanTask(
      code: code, name: name, source: source, origin: origin, itemCodes: itemCodes,
      library: library ?? "companies", drawType: type, filterFields: fields, filter: filter ?? "",
      strata: strata.map {
        StratumRatio(
          $0.stratum, ratioBp: $0.ratioBp, minimum: $0.minimum ?? 1, maximum: $0.maximum)
      }, departments: departments ?? [], windowFrom: from, windowTo: to, teamSize: teamSize ?? 2,
      isListPublic: isListPublic ?? true, approver: approver ?? "", requirementID: requirementId,
      riskAnalysis: riskAnalysis, implementers: implementers ?? [])
  }
}
