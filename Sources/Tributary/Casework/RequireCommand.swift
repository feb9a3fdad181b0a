import ArgumentParser
import Casework
import Inspection
import Terminal

extension ListCommand {
  /// `tributary list require`.
  struct Require: CaseWriting {
    static let configuration = CommandConfiguration(
      abstract: "Issue at the province what a line requires of the plans below (条线抽查要求).",
      discussion: """
        A plan meets it with a task that names the item with at least the ratio inside the window, or says \
        why not; what 总局 requires (--source SAMR) has to be met. With --region only the divisions named are \
        addressed. With --total so many objects are parted among them, by weight and by the companies in their \
        rosters: one requirement each, whose id has the division behind it, printed with its count.
        """)

    @OptionGroup var node: NodeFolder
    @Argument(help: "Its id, e.g. 2026-信用-1.") var id: String
    @Option(help: "The item, e.g. Y0101.") var item: String
    @Option(help: "The least ratio in basis points.") var ratioBp: Int
    @Option(help: "The line (业务条线).") var line: String
    @Option(help: "The year of the plans; otherwise this one.") var year: Int?
    @Option(help: "The least number of objects.") var minimumCount = 0
    @Option(help: "DIVISION:WEIGHT, six digits and a whole number; may be repeated.")
    var region: [String] = []
    @Option(help: "So many objects over all regions together; needs --region.") var total: UInt32?
    @Option(help: "First day of the checks.") var from: DayArgument?
    @Option(help: "Last day of the checks.") var to: DayArgument?
    @Option(help: "PROVINCE or SAMR.") var source = LineRequirement.Source.province
    @Flag(help: "A wish that no plan has to meet.") var optional = false
    @OptionGroup var author: AuthorOptions

    private func weights() throws -> [String: Int] {
      var weights: [String: Int] = [:]
      for text in region {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let weight = Int(parts[1]), weight >= 0,
          UnitCode(String(parts[0])) != nil
        else { throw ValidationError("--region is DIVISION:WEIGHT, not \(text).") }
        weights[String(parts[0])] = weight
      }
      return weights
    }

    static let failure = "cannot issue the requirement"

    func validate() throws {
      if total != nil, region.isEmpty || minimumCount > 0 {
        throw ValidationError("--total needs --region, and sets the least numbers itself.")
      }
    }

    func perform(_ store: CaseStore) throws -> [LineRequirement] {
      let requirement = LineRequirement(
        id: id, year: year ?? DayArgument.today.year, line: line, itemCode: item, ratioBp: ratioBp,
        minimumCount: minimumCount, regionWeights: try weights(), windowFrom: from?.date,
        windowTo: to?.date, source: source, isMandatory: !optional)
      guard let total else {
        try store.require(requirement)
        return []
      }
      let parts = try store.spread(requirement, total: total)
      for part in parts { try store.require(part) }
      return parts
    }

    func show(_ parts: [LineRequirement]) throws {
      try StandardStream.output.write(
        parts.map { "\($0.id) \($0.minimumCount)\n" }.joined())
    }
  }
}

extension LineRequirement.Source: ExpressibleByArgument {}
