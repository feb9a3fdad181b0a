extension ItemList {
  /// Parses the table `code,category,item,class,object,method,level,confidence,note`: UTF-8, no quotes.
  ///
  /// Methods and levels are the Chinese words of published lists. Throws `ReferenceTableError` at the first
  /// line that is malformed or repeats a code.
  package init(
    version: UInt64, year: Int, issuer: UnitCode, effectiveFrom: CivilDate,
    table bytes: some Collection<UInt8>
  ) throws(ReferenceTableError) {
    var items: [Item] = []
    var codes: Set<String> = []
    var reader = ReferenceLines("items", Array(bytes))
    while let line = try reader.next() {
      let fields = line.fields
      guard fields.count == 9 else { throw reader.failure("\(fields.count) fields, not 9") }
      guard !fields[0].isEmpty, codes.insert(fields[0]).inserted else {
        throw reader.failure("the code '\(fields[0])' is empty or listed twice")
      }
      guard let itemClass = ["general": ItemClass.general, "key": .key][fields[3]] else {
        throw reader.failure("'\(fields[3])' is neither general nor key")
      }
      let methods = Self.methods(fields[5])
      guard !methods.isEmpty else { throw reader.failure("no method") }
      items.append(
        Item(
          code: fields[0], category: fields[1], name: fields[2], itemClass: itemClass,
          objects: fields[4], methods: methods, levels: Self.levels(fields[6]),
          line: fields[1], remark: fields[8]))
    }
    do throws(RuleBreach) {
      try self.init(
        version: version, year: year, issuer: issuer, effectiveFrom: effectiveFrom, items: items)
    } catch {
      throw reader.failure("the code '\(error.row)' is listed twice")
    }
  }

  /// `现场检查、网络检查`; a word that is no known method is kept.
  private static func methods(_ text: String) -> CodeSet<CheckMethod> {
    CodeSet(
      text.split(separator: "、").map { word in
        CheckMethod.allCases.first { $0.title == word }.map(Coded.known) ?? .unknown(String(word))
      })
  }

  /// The tiers that a published wording means. Joint items name departments instead: all tiers.
  private static func levels(_ text: String) -> CodeSet<UnitLevel> {
    if text.contains("县级以上") || text.contains("+") {
      return CodeSet(known: UnitLevel.allCases)
    }
    let words: [(Character, UnitLevel)] = [
      ("省", .province), ("市", .prefecture), ("县", .county),
    ]
    // `市场监管部门` says nothing of a tier.
    let part = text.split(separator: "市场监管").first.map(String.init) ?? text
    let levels = words.filter { part.contains($0.0) }.map(\.1)
    return CodeSet(known: levels.isEmpty ? UnitLevel.allCases : levels)
  }
}
