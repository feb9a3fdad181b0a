import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary special`: a check that is not drawn at random, under one of the notice's exceptions.
struct SpecialCommand: CaseWriting {
  static let configuration = CommandConfiguration(
    commandName: "special",
    abstract: "Dispatch a check that was not drawn at random, under a named exception.",
    discussion: """
      LEAD needs a lead that is being verified; RISK_SPECIAL a task with its analysis and approver; SIEVE \
      such a task and the draw of its inspectors; ROUTINE_SPECIAL_FIELD items that are not on the list. \
      Anything else on a listed item is refused (一(二)–一(五)). Items are judged by the list that holds \
      in the unit today.
      """)

  @OptionGroup var node: NodeFolder

  @Argument(help: "A number for the visit that is not taken.")
  var visit: String

  @Option(help: "LEAD, RISK_SPECIAL, SIEVE or ROUTINE_SPECIAL_FIELD.")
  var origin: CheckOrigin

  @Option(help: "The object's code.")
  var subjectCode: String

  @Option(help: "The lead, for LEAD.")
  var lead = ""

  @Option(help: "The task, for RISK_SPECIAL and SIEVE.")
  var task = ""

  @Option(help: "The draw of the inspectors, for SIEVE.")
  var draw = ""

  @Option(help: "An item; may be repeated.")
  var item: [String]

  @Option(help: "The department that checks.")
  var department = "市场监管"

  @Option(
    help: "An inspector and the last day of the certificate, CODE:YYYY-MM-DD; the first leads.")
  var inspector: [String]

  @Option(help: "First day of the window.")
  var from: DayArgument

  @Option(help: "Last day of the window.")
  var to: DayArgument

  @OptionGroup var author: AuthorOptions

  func validate() throws {
    if from.date > to.date { throw ValidationError("--from is after --to.") }
    for text in inspector where member(text, isFirst: true) == nil {
      throw ValidationError("'\(text)' is not CODE:YYYY-MM-DD.")
    }
  }

  private func member(_ text: String, isFirst: Bool) -> VisitOrder.Member? {
    guard let colon = text.lastIndex(of: ":"),
      let date = CivilDate(text[text.index(after: colon)...]), colon > text.startIndex
    else { return nil }
    return VisitOrder.Member(
      String(text[..<colon]), isFirst ? .leader : .member, certificateValidTo: date)
  }

  static let failure = "cannot dispatch the visit"

  func perform(_ store: CaseStore) throws {
    let team = inspector.enumerated().compactMap { member($1, isFirst: $0 == 0) }
    let order = VisitOrder(
      id: visit, subjectCode: subjectCode, taskCode: task, origin: origin, drawID: draw,
      window: from.date...to.date, items: item.map { ($0, department) }, team: team)
    try store.dispatchSpecial(
      order, lead: lead, list: store.effectiveList(of: store.ownScope, on: DayArgument.today))
  }

  func show(_ done: Void) throws {
    try StandardStream.output.write("\(visit) dispatched\n")
  }
}

extension CheckOrigin: ExpressibleByArgument {}
