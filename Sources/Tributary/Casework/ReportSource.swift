import ArgumentParser
import Casework
import Foundation
import Inspection
import Store
import Terminal

/// What a report is made from: a node's replica at what it knows now, or at a cut that was saved.
struct ReportSource: ParsableArguments {
  @OptionGroup var node: NodeFolder

  @Option(help: "A saved cut, or a report in JSON.", completion: .file())
  var asOf: String?

  @Option(help: "First business date that counts; otherwise 1 January of the year of --to.")
  var from: DayArgument?

  @Option(help: "Last business date that counts; otherwise today.")
  var to: DayArgument?

  func validate() throws {
    if asOf != nil, from != nil || to != nil {
      throw ValidationError("The cut of --as-of has its own --from and --to.")
    }
    if let from, let to, from.date > to.date { throw ValidationError("--from is after --to.") }
  }

  /// A report with the cut and the rules that it was made at.
  struct Made {
    let report: IndicatorReport
    let cut: ReportCut
    let cutText: String
    let rules: RuleSet
  }

  func make(_ divisions: DivisionTree) throws(Problem) -> Made {
    let (maker, cut) = try prepare(divisions)
    do throws(CaseworkError) {
      return Made(
        report: try maker.report(at: cut), cut: cut, cutText: try cut.json(), rules: maker.rules)
    } catch {
      throw Problem("cannot make the report", on: asOf ?? node.folder, error)
    }
  }

  /// What makes reports here, and the cut that they are made at.
  func prepare(_ divisions: DivisionTree) throws(Problem) -> (CaseReport, ReportCut) {
    let replica = try node.openReadOnly()
    do throws(CaseworkError) {
      let store = try CaseStore(inForce: replica, author: "") { Wall.milliseconds }
      var (calendar, rules) = (store.calendar, store.rules)
      guard let asOf else {
        let maker = CaseReport(replica, divisions: divisions, calendar: calendar, rules: rules)
        return (maker, try newCut(maker))
      }
      let cut = try Self.cut(in: asOf)
      calendar = try store.issuedCalendar(version: cut.calendarVersion)
      rules = try store.rules(version: cut.rulesVersion)
      return (CaseReport(replica, divisions: divisions, calendar: calendar, rules: rules), cut)
    } catch {
      throw Problem("cannot make the report", on: asOf ?? node.folder, error)
    }
  }

  private func newCut(_ maker: CaseReport) throws(CaseworkError) -> ReportCut {
    let now = Instant(milliseconds: Int64(clamping: Wall.milliseconds))
    let last = to?.date ?? now.date ?? .latest
    let first = from?.date ?? CivilDate(year: last.year, month: 1, day: 1) ?? last
    guard first <= last else { throw .cutUnusable("'\(first)' is after '\(last)'") }
    return try maker.cut(asOf: now, days: first...last)
  }

  /// A report in JSON holds its cut.
  private struct Holder: Decodable {
    let cut: ReportCut
  }

  /// The bytes of a saved cut: 146 units with some writers each are far below.
  private static let cutBytes = 64 << 20

  private static func cut(in path: String) throws(CaseworkError) -> ReportCut {
    let data: Data
    do { data = Data(try FileAccess.read(path, limit: cutBytes)) } catch {
      throw .cutUnusable("it cannot be read: \(error.text())")
    }
    let decoder = JSONDecoder()
    // Which of the two forms it is shows only in the try.
    if let holder = try? decoder.decode(Holder.self, from: data) { return holder.cut }
    do { return try decoder.decode(ReportCut.self, from: data) } catch {
      throw .cutUnusable("it is no cut: \(DecodingFault.text(of: error))")
    }
  }
}
