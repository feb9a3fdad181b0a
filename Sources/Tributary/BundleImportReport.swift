import ArgumentParser
import Casework
import Causality
import Changes
import Node
import Store
import Terminal
import Wire

/// What an import did or, in a dry run, would do.
struct BundleImportReport: Encodable {
  struct Rows: Encodable {
    let table: String
    let inserted: Int
    let updated: Int
    let deleted: Int
  }

  struct Rejection: Encodable {
    let changeSet: String
    let code: String
    let reason: String
  }

  struct Note: Encodable {
    let kind: String
    let subject: String
    let detail: String
  }

  let isDryRun: Bool
  let bundle: BundleReport
  /// `holds`, `missing`, `broken` or `sender_unknown`.
  let seal: String
  let damage: String?
  /// Change sets taken, known before, and waiting for what they build on.
  let applied: Int
  let duplicates: Int
  let waiting: Int
  let rows: [Rows]
  let openedConflicts: [ConflictReport]
  let closedConflicts: Int
  let openedViolations: [ViolationReport]
  let endedViolations: Int
  /// Change sets without the right, refused by this hub; and those with a clock ahead, marked.
  let refused: [String]
  let suspect: [String]
  /// Change sets that were not taken.
  let rejected: [Rejection]
  /// What was noted in the quarantine.
  let quarantined: [Note]
  /// Streams that the sender may not send here; nothing of them was taken.
  let foreignStreams: [String]
  /// Streams in which the sender acknowledged something new.
  let acknowledgedStreams: [String]
  /// Something that the bundle leads to is not here.
  let isIncomplete: Bool
  /// The acknowledgement that was written.
  let acknowledgement: BundleReport?
  private let sealText: String

  private enum CodingKeys: CodingKey {
    case isDryRun, bundle, seal, damage, applied, duplicates, waiting, rows, openedConflicts
    case closedConflicts, openedViolations, endedViolations
    case refused, suspect, rejected, quarantined, foreignStreams
    case acknowledgedStreams, isIncomplete, acknowledgement
  }
}

extension BundleImportReport {
  init(
    _ result: BundleImporter.Result, _ file: String, isDryRun: Bool, _ schema: Schema,
    _ divisions: DivisionTree
  ) {
    let (outcome, manifest) = (result.outcome, result.manifest)
    self.isDryRun = isDryRun
    bundle = BundleReport(
      manifest, file: file, bytes: result.inspection.byteCount,
      frames: result.inspection.frameCount, isPartial: false,
      changeSets: manifest.ranges.map { $0.upTo.count(beyond: $0.after) }, divisions)
    seal = SealState(result.seal).name
    sealText = SealState(result.seal).text(of: manifest.from)
    damage = result.inspection.damage?.text
    (applied, duplicates, waiting) = (outcome.applied, outcome.duplicates, outcome.parked)
    rows = result.rows.map {
      Rows(
        table: schema.table($0.table)?.name ?? "\($0.table.number)", inserted: $0.inserted,
        updated: $0.updated, deleted: $0.deleted)
    }
    openedConflicts = result.openedConflicts.map { ConflictReport($0, schema, divisions) }
    closedConflicts = result.closedConflicts
    openedViolations = result.openedViolations.map { ViolationReport($0, schema, divisions) }
    endedViolations = result.endedViolations
    refused = outcome.refused.map(\.description)
    suspect = outcome.suspect.map(\.description)
    rejected = outcome.rejected.map {
      Rejection(changeSet: "\($0.dot)", code: "\($0.code)", reason: $0.detail)
    }
    quarantined = result.quarantined.map {
      Note(kind: $0.kind, subject: $0.subject, detail: $0.detail)
    }
    foreignStreams = result.foreignStreams.map(\.description)
    acknowledgedStreams = result.acknowledgedStreams.map(\.description)
    isIncomplete = result.isIncomplete
    acknowledgement = result.acknowledgement.map { BundleReport($0, divisions) }
  }

  /// Throws when something needs a person. What was taken is told before.
  func check(_ isDryRun: Bool) throws {
    if damage != nil || seal == "broken" || !rejected.isEmpty {
      let reason =
        damage ?? (seal == "broken" ? sealText : "change sets were rejected, see above")
      throw Problem(
        "the bundle is damaged or forged", on: bundle.file, because: reason,
        next: [
          isDryRun
            ? "Copy or export it again and try that one; nothing was written."
            : "Copy or export it again and import that one; what was taken is safe."
        ], status: .data)
    }
    if seal == "sender_unknown" {
      throw Problem(
        "the sender is not proved", on: bundle.file,
        because: "the key of \(bundle.from) is not known here; what it acknowledges does not count",
        next: [
          "Import a bundle that a hub above made for this node: it brings the keys.",
          "A child is admitted by: tributary enroll DIR enrolment.json",
        ], status: .noPermission)
    }
    if isIncomplete || !refused.isEmpty || !suspect.isEmpty || !foreignStreams.isEmpty {
      throw ExitCode(ExitStatus.found.rawValue)
    }
  }
}

extension BundleImportReport {
  /// For people.
  var text: String {
    var lines: [String] = isDryRun ? ["dry run          nothing was written"] : []
    lines += [
      (bundle.isAcknowledgement ? "acknowledgement  " : "bundle           ") + bundle.file,
      "from             \(bundle.from) \(bundle.fromDivision)",
      "made             \(bundle.createdAt)",
      "seal             \(sealText)",
    ]
    if !bundle.isAcknowledgement {
      lines += [
        "change sets      \(Quantity.count(applied)) taken, \(Quantity.count(duplicates)) "
          + "known before, \(Quantity.count(waiting)) waiting",
        "rows             " + (rows.isEmpty ? "none changed" : rowsText),
        "conflicts        \(openedConflicts.count) opened, \(closedConflicts) closed",
        "violations       \(openedViolations.count) opened, \(endedViolations) ended",
      ]
    }
    if !acknowledgedStreams.isEmpty {
      let names = acknowledgedStreams.prefix(3).joined(separator: ", ")
      let rest = acknowledgedStreams.count - 3
      lines.append("acknowledged     " + names + (rest > 0 ? " and \(rest) more streams" : ""))
    } else if bundle.isAcknowledgement {
      lines.append("acknowledged     nothing new")
    }
    lines += problemLines
    if let acknowledgement {
      lines.append("to carry back    \(acknowledgement.file) for \(acknowledgement.toText)")
    }
    return lines.map { $0.visible + "\n" }.joined() + conflictsText + violationsText
  }

  private var rowsText: String {
    rows.map { row in
      let parts = [
        (row.inserted, "inserted"), (row.updated, "updated"), (row.deleted, "deleted"),
      ]
      return row.table + " "
        + parts.filter { $0.0 > 0 }.map { "\(Quantity.count($0.0)) \($0.1)" }
        .joined(separator: ", ")
    }.joined(separator: "; ")
  }

  /// Lists are cut; `--json` has all.
  private static let listLimit = 20

  private var problemLines: [String] {
    var lines = refused.map { "refused          \($0): no right to write there" }
    lines += suspect.map { "marked           \($0): its clock is ahead" }
    lines += rejected.map { "rejected         \($0.changeSet): \($0.code), \($0.reason)" }
    lines += quarantined.map { "noted            \($0.kind) \($0.subject): \($0.detail)" }
    lines += foreignStreams.map { "not taken        \($0): the sender may not send it here" }
    let rest = lines.count - Self.listLimit
    if rest > 0 { lines = lines.prefix(Self.listLimit) + ["                 and \(rest) more"] }
    if isIncomplete {
      lines.append("incomplete       not all that the bundle leads to is here")
    }
    return lines
  }

  private var violationsText: String {
    guard !openedViolations.isEmpty else { return "" }
    let rest = openedViolations.count - Self.listLimit
    return "\n" + ViolationReport.text(Array(openedViolations.prefix(Self.listLimit)))
      + (rest > 0 ? "and \(rest) more\n" : "")
  }

  private var conflictsText: String {
    guard !openedConflicts.isEmpty else { return "" }
    var table = TextTable(
      [.init("conflict"), .init("kind"), .init("table"), .init("key"), .init("sides")],
      cellLimit: 40)
    for conflict in openedConflicts.prefix(Self.listLimit) {
      table.append([
        String(conflict.id.prefix(12)), conflict.kind, conflict.table, conflict.keyText,
        conflict.sides.map { ($0.isShown ? "*" : "") + conflict.summary(of: $0) }
          .joined(separator: " | "),
      ])
    }
    let rest = openedConflicts.count - Self.listLimit
    return "\n" + table.text + (rest > 0 ? "and \(rest) more\n" : "")
  }
}
