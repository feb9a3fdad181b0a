package import Causality
internal import Changes
internal import Inspection
internal import Store

/// One result as it goes to the publicity system (公示), with codes and the words for them. Nobody's name is in
/// it but the object's. The form is documented in README. Source.
package struct PublicationRecord: Codable, Hashable, Sendable {
  package let visitId: String
  package let itemCode: String
  package let department: String
  package let unit: String
  package let subjectCode: String
  package let subjectName: String
  package let taskCode: String
  package let taskName: String
  package let itemName: String
  package let methods: [String]
  package let methodNames: [String]
  package let findings: [String]
  package let findingNames: [String]
  package let checkedOn: String
  package let completedOn: String
  package let dueOn: String
  package let isDueProvisional: Bool
  package let isAmended: Bool
  /// `DUE`, `OVERDUE`, `PUBLISHED` or `PUBLISHED_LATE` on the day of the file.
  package let standing: String

  package var key: ResultKey {
    ResultKey(visit: visitId, item: itemCode, department: department)
  }
}

/// A file of results for the publicity system.
package struct PublicationFile: Codable, Hashable, Sendable {
  /// What stands in `format`.
  package static let format = "tributary-publication-1"

  package let format: String
  package let unit: String
  package let madeOn: String
  /// By visit, item and department.
  package let records: [PublicationRecord]

  /// The header of the CSV.
  package static let columns = [
    "visit_id", "item_code", "department", "unit", "subject_code", "subject_name", "task_code",
    "task_name", "item_name", "methods", "method_names", "findings", "finding_names", "checked_on",
    "completed_on", "due_on", "is_due_provisional", "is_amended", "standing",
  ]

  /// The records as CSV, UTF-8; codes in a field are separated by spaces, words by 、.
  package var csv: String {
    CSVText.line(Self.columns)
      + records.map { record in
        CSVText.line([
          record.visitId, record.itemCode, record.department, record.unit, record.subjectCode,
          record.subjectName, record.taskCode, record.taskName, record.itemName,
          record.methods.joined(separator: " "), record.methodNames.joined(separator: "、"),
          record.findings.joined(separator: " "), record.findingNames.joined(separator: "、"),
          record.checkedOn, record.completedOn, record.dueOn, "\(record.isDueProvisional)",
          "\(record.isAmended)", record.standing,
        ])
      }.joined()
  }
}

extension CaseStore {
  /// The results of a unit that are due for publication today and neither published nor exempt; `withPublished`:
  /// also those that are published, as they stand after amendments. Cost: linear in the unit's results.
  package func publicationFile(
    of unit: Scope, withPublished: Bool = false
  ) throws(CaseworkError) -> PublicationFile {
    let wanted: Set<PublicationStanding> =
      withPublished ? [.due, .overdue, .published, .publishedLate] : [.due, .overdue]
    let entries = try publications(of: unit).filter { wanted.contains($0.standing) }
    let names = try itemNames()
    let tasks = try rowsByKey(PlanTables.tasks, unit)
    let visits = try rowsByKey(VisitTables.visits, unit)
    var plans: [String: CaseRow] = [:]
    for stream in RosterCut.streams(replica, unit: unit).reversed() {
      for row in try rows(of: PlanTables.planTasks, in: stream.scope) {
        plans[row.key.last?.string ?? ""] = row
      }
    }
    var amended: [ResultKey: String] = [:]
    for row in try rows(of: VisitTables.amendments, in: unit) {
      let texts = row.key.compactMap(\.string)
      guard texts.count == 3 else { continue }
      let key = ResultKey(visit: texts[0], item: texts[1], department: texts[2])
      let findings = row.text("field") == "findings" ? row.text("new_content") : nil
      amended[key] = findings ?? amended[key] ?? ""
    }
    var records: [PublicationRecord] = []
    for entry in entries {
      let key = entry.key
      guard let final = try row(of: VisitTables.finalResults, in: unit, key: key.values) else {
        continue
      }
      let visit = visits[key.visit]
      let subject = visit?.text("subject_code") ?? ""
      let task = visit?.text("task_code") ?? ""
      let content = Self.pairs(of: final.text("content"))
      let newest = amended[key].flatMap { $0.isEmpty ? nil : $0 }
      let findings = CodeSet<Finding>(text: newest ?? final.text("findings")).codes
      let methods = CodeSet<CheckMethod>(text: content["methods"] ?? "").codes
      records.append(
        PublicationRecord(
          visitId: key.visit, itemCode: key.item, department: key.department, unit: "\(unit)",
          subjectCode: subject, subjectName: try subjectName(subject, unit), taskCode: task,
          taskName: plans[task]?.text("name") ?? "", itemName: names[key.item] ?? key.item,
          methods: methods.map(\.code),
          methodNames: methods.map { $0.known?.title ?? rules.title(of: $0.code, in: "methods") },
          findings: findings.map(\.code),
          findingNames: findings.map {
            $0.known?.title ?? rules.title(of: $0.code, in: "findings")
          },
          checkedOn: final.text("checked_on"), completedOn: tasks[task]?.text("completed_on") ?? "",
          dueOn: entry.due.map { "\($0.date)" } ?? "",
          isDueProvisional: entry.due?.isProvisional ?? false, isAmended: amended[key] != nil,
          standing: entry.standing.rawValue))
    }
    return PublicationFile(
      format: PublicationFile.format, unit: "\(unit)", madeOn: "\(today)", records: records)
  }

  private func rowsByKey(_ table: CaseTable, _ unit: Scope) throws(CaseworkError) -> [String:
    CaseRow]
  {
    var found: [String: CaseRow] = [:]
    for row in try rows(of: table, in: unit) { found[row.key.first?.string ?? ""] = row }
    return found
  }

  /// Names of items: of the program's list, and of the lists that the province issued.
  private func itemNames() throws(CaseworkError) -> [String: String] {
    var names: [String: String] = [:]
    for item in try ReferenceData.itemList().items { names[item.code] = item.name }
    for row in try rows(of: IssuedTables.items, in: nil) {
      if let code = row.key.last?.string { names[code] = row.text("name") }
    }
    return names
  }

  /// The registered name of an object; empty when it is not in the roster here.
  func subjectName(_ code: String, _ unit: Scope) throws(CaseworkError) -> String {
    do throws(StoreError) {
      let row = try replica.row(RosterSchema.companies.id, scope: unit, key: [.text(code)])
      let place = CompanyFields.all.firstIndex { $0.id == CompanyFields.name.id }
      guard let row, let place else { return "" }
      return row.values[place].string ?? ""
    } catch {
      throw .store(error)
    }
  }
}
