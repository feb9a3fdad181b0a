import ArgumentParser
import Casework
import Inspection
import Terminal

/// `tributary rank`: the units below in order of what they reached.
struct RankCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rank",
    abstract: "Rank prefectures and counties by their score or by one indicator.",
    discussion: """
      Prefectures with all below them; counties all together, within their prefecture and among those of a size. \
      The score has the weights of the rules in force. Equal values share a place. A unit whose last news is \
      older than 72 hours has none, and nobody is ranked by K13.
      """)

  @OptionGroup var source: ReportSource

  @Option(help: "Rank by this indicator, e.g. K04; otherwise by the score.")
  var indicator: String?

  @OptionGroup var options: OutputOptions

  private struct Group: Encodable {
    let group: String
    let title: String
    let by: String
    let entries: [Line]
    struct Line: Encodable {
      let place: Int?
      let isTied: Bool
      let unit: String
      let name: String
      let value: String
      let staleSince: String?
      let isSilent: Bool
      let staleBelow: Int
    }
  }

  func validate() throws {
    guard let indicator else { return }
    guard let known = Indicator(rawValue: indicator) else {
      throw ValidationError("\(indicator) is no indicator; `tributary report` shows them all.")
    }
    guard known.isGoodWhenHigh != nil else {
      throw ValidationError(
        "\(indicator) ranks nobody: its numbers are small or have no direction.")
    }
  }

  func run() throws {
    let made = try source.make(NodeFolder.divisions())
    let by = indicator.flatMap(Indicator.init(rawValue:))
    let criterion = by.map(RankingCriterion.indicator) ?? .score(made.rules.scoring)
    var names: [UnitCode: String] = [:]
    for unit in made.report.units { names[unit.unit] = unit.name }
    let groups = made.report.rankingGroups.map { made.report.ranking($0, by: criterion) }
      .filter { !$0.entries.isEmpty }
      .map { ranking in
        let (code, title) = Self.text(ranking.group, names)
        return Group(
          group: code, title: title, by: by?.rawValue ?? "SCORE",
          entries: ranking.entries.map { entry in
            Group.Line(
              place: entry.place, isTied: entry.isTied, unit: entry.unit.text, name: entry.name,
              value: entry.value, staleSince: entry.staleSince.map(TimeText.rfc3339),
              isSilent: entry.isSilent, staleBelow: entry.staleBelow)
          })
      }
    try options.output.show(groups) {
      groups.map { Self.table($0, by: by?.title ?? "得分") }.joined(separator: "\n")
    }
  }

  private static func text(
    _ group: RankingGroup, _ names: [UnitCode: String]
  ) -> (code: String, title: String) {
    switch group {
    case .prefectures: ("PREFECTURES", "州市")
    case .counties: ("COUNTIES", "县市区")
    case .below(let unit): ("BELOW-\(unit)", "\(names[unit] ?? unit.text)各县市区")
    case .size(let size): ("SIZE-\(size.rawValue)", size.title)
    }
  }

  private static func table(_ group: Group, by title: String) -> String {
    var table = TextTable([
      .init("名次", .right), .init("单位"), .init(title, .right), .init("说明"),
    ])
    for line in group.entries {
      var notes: [String] = []
      if line.isTied { notes.append("并列") }
      if line.isSilent {
        notes.append("未排名：从未上报")
      } else if let since = line.staleSince {
        notes.append("未排名：自 \(since) 起无新数据")
      } else if line.place == nil {
        notes.append("未排名：无可比数据")
      }
      if line.place != nil, line.staleBelow > 0 { notes.append("⚠ \(line.staleBelow) 个单位数据陈旧") }
      table.append([
        line.place.map { "\($0)" } ?? "—", line.name, line.value,
        notes.joined(separator: "，"),
      ])
    }
    return "\(group.title)\n\n" + table.text
  }
}
