/// 抽查工作指引 of an item: one version of what the provincial line wants looked at, or what a unit adds to it.
/// Source.
package struct Guideline: Hashable, Sendable {
  /// One question of the checklist (检查表).
  package struct Question: Hashable, Sendable, Codable {
    package let question: String
    /// Whether a result without an answer cannot go to review.
    package let mandatory: Bool

    package init(question: String, mandatory: Bool) {
      (self.question, self.mandatory) = (question, mandatory)
    }
  }

  package let item: String
  /// `yyyymmddnn`.
  package let version: UInt64
  /// 检查内容, 方法, 依据 and 工作要求.
  package let contents: String
  package let checklist: [Question]

  package init(item: String, version: UInt64, contents: String, checklist: [Question]) {
    (self.item, self.version, self.contents) = (item, version, contents)
    self.checklist = checklist
  }

  /// The questions that have to be answered: of the newest version of each tier, the province's first. Units
  /// add questions and take none away. `tiers`: all versions that each tier has issued, the top's first.
  package static func mandatoryQuestions(_ tiers: [[Guideline]]) -> [String] {
    var questions: [String] = []
    for versions in tiers {
      guard let newest = versions.max(by: { $0.version < $1.version }) else { continue }
      for entry in newest.checklist where entry.mandatory && !questions.contains(entry.question) {
        questions.append(entry.question)
      }
    }
    return questions
  }
}
