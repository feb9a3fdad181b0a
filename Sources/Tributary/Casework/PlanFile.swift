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
    do { return try decoder.decode(PlanFile.self, from: Data(bytes)) } catch {
      throw Problem(
        "this is no plan", on: path, because: DecodingFault.text(of: error),
        next: ["`tributary plan make DIR` prints one to fill in."], status: .data)
    }
  }

  /// The plan; signed now by `signer`.
  func plan(
    unit: UnitCode, signedBy signer: String, at milliseconds: UInt64
  ) throws(Problem) -> Plan {
    var tasks: [PlanTask] = []
    for task in self.tasks { tasks.append(try task.planTask()) }
    guard let kind = Self.kinds[kind] else { throw Self.malformed("kind", kind, "ANNUAL or JOINT") }
    return Plan(
      unit: unit, year: year, kind: kind, version: version, title: title, tasks: tasks,
      signedBy: signer, signedAt: Instant(milliseconds: Int64(clamping: milliseconds)),
      reason: reason ?? "", unmetReasons: unmetReasons ?? [:],
      meetingOn: meetingOn.flatMap { CivilDate($0) })
  }

  static let kinds: [String: FiledPlan] = ["ANNUAL": .annual, "JOINT": .joint]

  static func malformed(_ field: String, _ value: String, _ form: String) -> Problem {
    Problem(
      "the plan has a value that is not of its form", on: "\(field): \(value)",
      because: "it is \(form)", next: ["Correct the file."], status: .data)
  }

  /// The next version of a plan, to fill in.
  init(next plan: Plan) {
    (year, kind) = (plan.year, plan.kind == .annual ? "ANNUAL" : "JOINT")
    (version, title) = (plan.version + 1, plan.title)
    (reason, meetingOn) = ("", plan.meetingOn?.description)
    unmetReasons = plan.unmetReasons
    tasks = plan.tasks.map(Task.init)
  }

  /// A first plan with one task, to fill in.
  init(firstOf year: Int, unit: UnitCode) {
    (self.year, kind, version, title) = (year, "ANNUAL", 1, "\(year)年度抽查工作计划")
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

  func planTask() throws(Problem) -> PlanTask {
    guard let from = CivilDate(windowFrom), let to = CivilDate(windowTo) else {
      throw PlanFile.malformed(
        "\(code) window_from, window_to", "\(windowFrom) \(windowTo)", "YYYY-MM-DD")
    }
    guard let source = TaskSource(rawValue: source ?? "PLAN"),
      let origin = CheckOrigin(rawValue: origin ?? "RANDOM"),
      let type = DrawType(rawValue: drawType ?? "UNDIRECTED")
    else {
      throw PlanFile.malformed(
        "\(code) source, origin, draw_type",
        [source, origin, drawType].map { $0 ?? "-" }.joined(separator: " "), "a code")
    }
    var fields: [String] = []
    if let filter {
      do throws(FilterError) {
        fields = try FilterExpression(parsing: filter).fields.map(\.rawValue)
      } catch {
        throw PlanFile.malformed(
          "\(code) filter", filter, "a condition over published fields: \(error)")
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
