/// 事项类别. Source.
package enum ItemClass: String, ListedCode {
  /// 一般检查事项: strictly capped.
  case general = "GENERAL"
  /// 重点检查事项: no upper limit.
  case key = "KEY"

  package var title: String { self == .general ? "一般检查事项" : "重点检查事项" }
}

/// 检查依据. Autonomous prefectures and counties may have their own.
package struct LegalBasis: Hashable, Sendable {
  /// The rank of a rule; raw values are the Chinese words.
  package enum Level: String, ListedCode {
    case national = "国家"
    case ministry = "部门规章"
    case local = "地方性法规"
    case autonomous = "自治条例"
    case separate = "单行条例"
    case normative = "规范性文件"

    package var title: String { rawValue }
  }

  package let documentNumber: String
  package let title: String
  package let article: String
  package let level: Coded<Level>
  package let validFrom: CivilDate?
  /// The last day on which it is in force; nil while no end is known.
  package let validTo: CivilDate?

  package init(
    documentNumber: String, title: String, article: String, level: Coded<Level>,
    validFrom: CivilDate? = nil, validTo: CivilDate? = nil
  ) {
    (self.documentNumber, self.title, self.article) = (documentNumber, title, article)
    (self.level, self.validFrom, self.validTo) = (level, validFrom, validTo)
  }

  /// Whether it is in force on a day, first and last day included.
  package func isValid(on date: CivilDate) -> Bool {
    (validFrom ?? date) <= date && date <= (validTo ?? date)
  }
}

/// 抽查事项: one row of an item list. Source: domain.md §2.4a.
package struct Item: Hashable, Sendable {
  /// 事项编码, e.g. `Y0101`.
  package let code: String
  package let category: String
  package let name: String
  package var itemClass: ItemClass
  /// 检查对象 in words.
  package var objects: String
  package var methods: CodeSet<CheckMethod>
  package var levels: CodeSet<UnitLevel>
  package var bases: [LegalBasis]
  /// 比例上限 in basis points; nil: the cap of the rule set for a general item, none for a key item.
  package var capBp: Int?
  /// 频次: checks of one object in a year; nil when the item sets none.
  package var yearlyFrequency: Int?
  /// 检查人员要求: tags that a team needs, ascending.
  package var qualifications: [String]
  /// 业务条线.
  package var line: String
  package var guideline: String?
  package var remark: String

  package init(
    code: String, category: String, name: String, itemClass: ItemClass, objects: String = "",
    methods: CodeSet<CheckMethod>, levels: CodeSet<UnitLevel>, bases: [LegalBasis] = [],
    capBp: Int? = nil, yearlyFrequency: Int? = nil, qualifications: [String] = [],
    line: String = "", guideline: String? = nil, remark: String = ""
  ) {
    (self.code, self.category, self.name) = (code, category, name)
    (self.itemClass, self.objects, self.methods) = (itemClass, objects, methods)
    (self.levels, self.bases, self.capBp) = (levels, bases, capBp)
    (self.yearlyFrequency, self.qualifications) = (yearlyFrequency, qualifications)
    (self.line, self.guideline, self.remark) = (line, guideline, remark)
  }

  /// The cap that holds: none for a key item. Source.
  package func capBp(_ rules: RuleSet) -> Int? {
    itemClass == .key ? nil : capBp ?? rules.defaultCapBp
  }

  /// What is wrong with an item whose bases are all out of force on the day; nil for one that stands, or that names
  /// no basis of its own: the list that the province issued is one then. Source.
  package func basisBreach(on date: CivilDate) -> RuleBreach? {
    bases.isEmpty || bases.contains { $0.isValid(on: date) }
      ? nil : RuleBreach(.legalBasis, row: code, .noValidBasis(on: date))
  }
}
