/// A requirement that the notice makes, by its number in the specification of this program and by the
/// clause of 云市监〔2019〕141号 that it comes from.
package enum Requirement: String, Hashable, Sendable, CaseIterable {
  case legalBasis = "R-0.1"
  case linkedChain = "R-1.1"
  case noBlanketChecks = "R-1.4"
  case specialFields = "R-1.5"
  case leads = "R-1.6"
  case leadInOneVisit = "R-1.7"
  case directedDraw = "R-1.8"
  case sieve = "R-1.9"
  case riskAnalysis = "R-1.10"
  case itemList = "R-2.1"
  case listOverlay = "R-2.2"
  case withdrawnItem = "R-2.3"
  case objectRoster = "R-2.4"
  case rosterUpdates = "R-2.5"
  case inspectorRoster = "R-2.6"
  case experts = "R-2.7"
  case onePlatform = "R-2.8"
  case ruleSet = "R-2.10"
  case guideline = "R-2.11"
  case lineRequirement = "R-2.12"
  case annualPlan = "R-2.13"
  case planAdjustment = "R-2.14"
  case unifiedPlan = "R-2.15"
  case ratioCap = "R-2.16"
  case batchOrder = "R-2.17"
  case objectDraw = "R-2.18"
  case oneVisit = "R-2.19"
  case twoStages = "R-2.20"
  case inspectorDraw = "R-2.21"
  case methods = "R-2.22"
  case trace = "R-2.23"
  case jointPlan = "R-2.24"
  case jointResults = "R-2.25"
  case publication = "R-2.26"
  case followUp = "R-2.27"
  case mandatoryListing = "R-2.28"
  case caseAndJustice = "R-2.29"
  case dutyRecord = "R-3.2"
  case training = "R-3.3"
  case evaluation = "R-3.5"

  /// The clause of the notice, e.g. `二(五)`.
  package var clause: String {
    switch self {
    case .legalBasis: "前言"
    case .linkedChain: "一(一)"
    case .noBlanketChecks: "一(二)"
    case .specialFields: "一(三)"
    case .leads, .leadInOneVisit: "一(四)"
    case .directedDraw, .sieve, .riskAnalysis: "一(五)"
    case .itemList, .listOverlay, .withdrawnItem: "二(一)"
    case .objectRoster, .rosterUpdates, .inspectorRoster, .experts: "二(二)"
    case .onePlatform: "二(三)"
    case .ruleSet, .guideline: "二(四)"
    case .lineRequirement, .annualPlan, .planAdjustment, .unifiedPlan, .ratioCap, .batchOrder,
      .objectDraw, .oneVisit, .twoStages, .inspectorDraw,
      .methods, .trace:
      "二(五)"
    case .jointPlan, .jointResults: "二(六)"
    case .publication, .followUp, .mandatoryListing, .caseAndJustice: "二(七)"
    case .dutyRecord: "三(二)"
    case .training: "三(三)"
    case .evaluation: "三(四)"
    }
  }
}
