/// The parameters of the rules, as the province issues them (细则, R-2.10). A node works with the newest
/// edition it has and records which.
package struct RuleSet: Hashable, Sendable {
  /// `yyyymmddnn`; grows with each edition.
  package var version: UInt64
  /// Cap of a general item that states none, in basis points of the objects. The notice asks for a strict
  /// cap and leaves the figure to the province.
  package var defaultCapBp: Int
  /// From this ratio on the order of batches is drawn instead of a sample.
  package var batchThresholdBp: Int
  /// Working days between a filing deadline and the last day of receipt.
  package var filingGraceWorkingDays: Int
  /// Working days after the hub's answer within which a unit draws; later it is an ABORT (domain.md §4.4 T7).
  package var drawWorkingDays: Int
  /// Working days for publication.
  package var publicationWorkingDays: Int
  /// Working days for a unit to publish its own item list after an issue.
  package var listPublicationWorkingDays: Int
  /// Working days for the abnormal list after the fact is verified.
  package var listingWorkingDays: Int
  /// Working days for the list of serious violations after the decision.
  package var seriousListingWorkingDays: Int
  /// Working days to verify a lead, and by how many they may be extended.
  package var leadWorkingDays: Int
  package var leadExtensionWorkingDays: Int
  /// Working days to file a case.
  package var caseFilingWorkingDays: Int
  /// Days to decide on a transfer to justice, and hours to hand over after approval.
  package var justiceDecisionDays: Int
  package var justiceHandOverHours: Int
  /// Working days for other follow-ups, where no law sets a time.
  package var followUpWorkingDays: Int
  /// Working days after which the common superior decides on an offer without an answer, and the number of
  /// refusals after which it does (domain.md §2.7).
  package var handOverAnswerWorkingDays: Int
  package var handOverRefusals: Int
  /// Who had no training in so many months is drawn for no visit; 0: training is no condition.
  package var trainingMonths: Int
  /// On-site visits of one object in a year, leads apart, by credit class; N for all others.
  package var yearlyVisitCaps: [String: Int]
  /// What a score of an evaluation is made of (domain.md §5.3).
  package var scoring: [ScoreRule]
  /// Codes that joined the program's lists after it was made, with their words, by list and code (domain.md S-09): the
  /// lists of the province, which nodes have with its rules.
  package var codes: [String: [String: String]]
  package var draws: DrawChoices
  package var switches: LaterRules

  /// What a province may ask of all draws of objects and teams beyond what the notice says; each is off unless it does.
  /// Source: domain.md §4.5 step 15, §4.7.
  package struct DrawChoices: Hashable, Sendable {
    /// Nobody goes to a company who was of the last team there (回避上次检查组).
    package var avoidsLastTeam = false
    /// At most one of a team is of the company's own station.
    package var limitsOwnStation = false
    /// A company weighs as many years as passed since its last check, 1 to 5; 5 when it was never checked.
    package var weighsYearsUnchecked = false

    package init() {}
  }

  /// Where national rules after 2019 differ from the notice; each can be turned off. Source: domain.md §9.
  package struct LaterRules: Hashable, Sendable {
    /// 国办发〔2024〕54号: entrusted bodies support two certified inspectors and inspect nothing themselves.
    package var entrustedBodiesOnlySupport = true
    /// 54号: an inspector from a neighbouring area needs a letter of assistance; the local unit inspects.
    package var neighboursNeedLetter = true
    /// 54号: each on-site visit carries a notice and an approval number.
    package var visitsNeedApproval = false
    /// Whether R06 leads to a mandatory listing as R02–R04 do.
    package var refusalIsListed = true

    package init() {}
  }

  /// The values that the specification names as defaults.
  package init(version: UInt64 = 2_019_083_001) {
    self.version = version
    defaultCapBp = 2_000
    batchThresholdBp = 5_000
    filingGraceWorkingDays = 5
    drawWorkingDays = 5
    publicationWorkingDays = 20
    listPublicationWorkingDays = 10
    listingWorkingDays = 10
    seriousListingWorkingDays = 20
    leadWorkingDays = 15
    leadExtensionWorkingDays = 15
    caseFilingWorkingDays = 15
    justiceDecisionDays = 3
    justiceHandOverHours = 24
    followUpWorkingDays = 30
    handOverAnswerWorkingDays = 5
    handOverRefusals = 2
    trainingMonths = 0
    yearlyVisitCaps = ["A": 1, "B": 1, "C": 2, "D": 4, "N": 2]
    scoring = ScoreRule.standard
    codes = [:]
    draws = DrawChoices()
    switches = LaterRules()
  }

  /// The lists that a province adds to: of results, and the columns of rosters that have codes.
  package static let codeLists: Set = [
    "findings", "methods", "disposals", "kind", "registration_state", "credit_class", "food_risk",
    "drug_risk", "equipment_risk", "product_risk", "sex", "status",
  ]

  /// The words for a code that this program does not know; the code itself where the province issued none.
  package func title(of code: String, in list: String) -> String { codes[list]?[code] ?? code }

  /// Whether somebody whose last training was on a day may go on a visit.
  package func isTrained(lastOn day: CivilDate?, on visit: CivilDate) -> Bool {
    guard trainingMonths > 0 else { return true }
    guard let day else { return false }
    return day >= visit.adding(months: -trainingMonths)
  }
}
