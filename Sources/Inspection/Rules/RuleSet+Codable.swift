/// The parameters of a rule set as the province writes them: names in snake_case, each of them optional; what is not
/// named keeps the default of the specification. Source.
extension RuleSet: Codable {
  /// The names of the parameters.
  package enum CodingKeys: String, CodingKey, CaseIterable {
    case version
    case defaultCapBp = "default_cap_bp"
    case batchThresholdBp = "batch_threshold_bp"
    case filingGraceWorkingDays = "filing_grace_working_days"
    case drawWorkingDays = "draw_working_days"
    case publicationWorkingDays = "publication_working_days"
    case listPublicationWorkingDays = "list_publication_working_days"
    case listingWorkingDays = "listing_working_days"
    case seriousListingWorkingDays = "serious_listing_working_days"
    case leadWorkingDays = "lead_working_days"
    case leadExtensionWorkingDays = "lead_extension_working_days"
    case caseFilingWorkingDays = "case_filing_working_days"
    case justiceDecisionDays = "justice_decision_days"
    case justiceHandOverHours = "justice_hand_over_hours"
    case followUpWorkingDays = "follow_up_working_days"
    case handOverAnswerWorkingDays = "hand_over_answer_working_days"
    case handOverRefusals = "hand_over_refusals"
    case trainingMonths = "training_months"
    case yearlyVisitCaps = "yearly_visit_caps"
    case scoring, codes
    case avoidsLastTeam = "avoids_last_team"
    case limitsOwnStation = "limits_own_station"
    case weighsYearsUnchecked = "weighs_years_unchecked"
    case entrustedBodiesOnlySupport = "entrusted_bodies_only_support"
    case neighboursNeedLetter = "neighbours_need_letter"
    case visitsNeedApproval = "visits_need_approval"
    case refusalIsListed = "refusal_is_listed"
  }

  /// The whole numbers by name.
  private static var numbers: [(CodingKeys, WritableKeyPath<RuleSet, Int>)] {
    [
      (.defaultCapBp, \.defaultCapBp), (.batchThresholdBp, \.batchThresholdBp),
      (.filingGraceWorkingDays, \.filingGraceWorkingDays),
      (.drawWorkingDays, \.drawWorkingDays),
      (.publicationWorkingDays, \.publicationWorkingDays),
      (.listPublicationWorkingDays, \.listPublicationWorkingDays),
      (.listingWorkingDays, \.listingWorkingDays),
      (.seriousListingWorkingDays, \.seriousListingWorkingDays),
      (.leadWorkingDays, \.leadWorkingDays),
      (.leadExtensionWorkingDays, \.leadExtensionWorkingDays),
      (.caseFilingWorkingDays, \.caseFilingWorkingDays),
      (.justiceDecisionDays, \.justiceDecisionDays),
      (.justiceHandOverHours, \.justiceHandOverHours),
      (.followUpWorkingDays, \.followUpWorkingDays),
      (.handOverAnswerWorkingDays, \.handOverAnswerWorkingDays),
      (.handOverRefusals, \.handOverRefusals), (.trainingMonths, \.trainingMonths),
    ]
  }

  /// The choices for draws and the switches of later rules by name.
  private static var flags: [(CodingKeys, WritableKeyPath<RuleSet, Bool>)] {
    [
      (.avoidsLastTeam, \.draws.avoidsLastTeam), (.limitsOwnStation, \.draws.limitsOwnStation),
      (.weighsYearsUnchecked, \.draws.weighsYearsUnchecked),
      (.entrustedBodiesOnlySupport, \.switches.entrustedBodiesOnlySupport),
      (.neighboursNeedLetter, \.switches.neighboursNeedLetter),
      (.visitsNeedApproval, \.switches.visitsNeedApproval),
      (.refusalIsListed, \.switches.refusalIsListed),
    ]
  }

  /// Throws `DecodingError` for a value of another kind and for a negative number.
  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init()
    version = try container.decodeIfPresent(UInt64.self, forKey: .version) ?? version
    for (key, path) in Self.numbers {
      guard let number = try container.decodeIfPresent(Int.self, forKey: key) else { continue }
      guard number >= 0 else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "it is a whole number from 0")
      }
      self[keyPath: path] = number
    }
    for (key, path) in Self.flags {
      if let flag = try container.decodeIfPresent(Bool.self, forKey: key) {
        self[keyPath: path] = flag
      }
    }
    scoring = try container.decodeIfPresent([ScoreRule].self, forKey: .scoring) ?? scoring
    codes = try container.decodeIfPresent([String: [String: String]].self, forKey: .codes) ?? codes
    if let list = codes.keys.sorted().first(where: { !Self.codeLists.contains($0) }) {
      throw DecodingError.dataCorruptedError(
        forKey: .codes, in: container, debugDescription: "there is no list \(list)")
    }
    let all = codes.values.flatMap { $0 }
    guard all.allSatisfy({ !$0.key.isEmpty && !$0.key.contains(where: \.isWhitespace) }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .codes, in: container, debugDescription: "a code is a word")
    }
    let caps = try container.decodeIfPresent([String: Int].self, forKey: .yearlyVisitCaps)
    yearlyVisitCaps = caps ?? yearlyVisitCaps
  }

  /// Writes all parameters.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    for (key, path) in Self.numbers { try container.encode(self[keyPath: path], forKey: key) }
    for (key, path) in Self.flags { try container.encode(self[keyPath: path], forKey: key) }
    try container.encode(scoring, forKey: .scoring)
    try container.encode(codes, forKey: .codes)
    try container.encode(yearlyVisitCaps, forKey: .yearlyVisitCaps)
  }
}
