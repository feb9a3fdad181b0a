/// What the rows of one unit say, as far as indicators need it. All dates are business dates, so that late
/// arrivals change the period they belong to. Source: domain.md §5.1.
package struct UnitFacts: Hashable, Sendable {
  /// A signed plan and the receipt of the hub.
  package struct Filing: Hashable, Sendable {
    package let kind: FiledPlan
    package let year: Int
    package let signedAt: Instant
    package let receivedAt: Instant?

    package init(kind: FiledPlan, year: Int, signedAt: Instant, receivedAt: Instant?) {
      (self.kind, self.year, self.signedAt, self.receivedAt) = (kind, year, signedAt, receivedAt)
    }
  }

  /// A task: how far it came and whether it was in the yearly plan.
  package struct TaskFact: Hashable, Sendable {
    package let state: String
    package let isPlanned: Bool
    /// Whether it was drawn before it was terminated.
    package var wasDrawn: Bool
    package let windowTo: CivilDate

    package init(state: String, isPlanned: Bool, wasDrawn: Bool, windowTo: CivilDate) {
      (self.state, self.isPlanned) = (state, isPlanned)
      (self.wasDrawn, self.windowTo) = (wasDrawn, windowTo)
    }

    package var isCompleted: Bool { ["COMPLETED", "PUBLISHED", "CLOSED"].contains(state) }
  }

  /// A visit: of a drawn object, or by a lead.
  package struct Visit: Hashable, Sendable {
    package let object: String
    package let creditClass: String
    package let origin: CheckOrigin
    package let windowTo: CivilDate
    /// nil while it did not take place.
    package let visitedOn: CivilDate?
    package let isOnSite: Bool
    package let itemCount: Int
    /// Whether all its results are entered and published.
    package let isPublished: Bool
    /// Substituted or taken out after the commit.
    package let isPostDrawChange: Bool

    package init(
      object: String, creditClass: String = "N", origin: CheckOrigin = .random,
      windowTo: CivilDate, visitedOn: CivilDate?, isOnSite: Bool = true, itemCount: Int = 1,
      isPublished: Bool = false, isPostDrawChange: Bool = false
    ) {
      (self.object, self.creditClass, self.origin) = (object, creditClass, origin)
      (self.windowTo, self.visitedOn, self.isOnSite) = (windowTo, visitedOn, isOnSite)
      (self.itemCount, self.isPublished) = (itemCount, isPublished)
      self.isPostDrawChange = isPostDrawChange
    }
  }

  /// A final result with its publication.
  package struct Result: Hashable, Sendable {
    package let checkedOn: CivilDate
    package let findings: CodeSet<Finding>
    /// nil while the task is not completed.
    package let completedOn: CivilDate?
    package let publicationDue: CivilDate?
    package let publishedOn: CivilDate?
    package let isExempt: Bool
    /// Item, plan, frame, draw, assignment, checklist and evidence are all there.
    package let isChainComplete: Bool
    /// When a listing was decided, for a finding that asks for one.
    package let listedOn: CivilDate?

    package init(
      checkedOn: CivilDate, findings: CodeSet<Finding>, completedOn: CivilDate? = nil,
      publicationDue: CivilDate? = nil, publishedOn: CivilDate? = nil, isExempt: Bool = false,
      isChainComplete: Bool = true, listedOn: CivilDate? = nil
    ) {
      (self.checkedOn, self.findings, self.completedOn) = (checkedOn, findings, completedOn)
      (self.publicationDue, self.publishedOn) = (publicationDue, publishedOn)
      (self.isExempt, self.isChainComplete) = (isExempt, isChainComplete)
      self.listedOn = listedOn
    }
  }

  /// A follow-up, from its creation to its end.
  package struct FollowUp: Hashable, Sendable {
    package let createdOn: CivilDate
    package let closedOn: CivilDate?

    package init(createdOn: CivilDate, closedOn: CivilDate?) {
      (self.createdOn, self.closedOn) = (createdOn, closedOn)
    }
  }

  /// How an inspector came to a visit.
  package struct Assignment: Hashable, Sendable {
    package let mode: AssignmentMode
    package let hasRecordedShortage: Bool

    package init(mode: AssignmentMode, hasRecordedShortage: Bool) {
      (self.mode, self.hasRecordedShortage) = (mode, hasRecordedShortage)
    }
  }

  /// A draw and what the hub says of it: MATCH, MISMATCH or PENDING.
  package struct Draw: Hashable, Sendable {
    package let drawnOn: CivilDate
    package let verification: String
    package let isVoid: Bool
    /// When the hub gave its value, while nothing was drawn with it; nil otherwise.
    package let answeredUndrawnOn: CivilDate?

    package init(
      drawnOn: CivilDate, verification: String, isVoid: Bool, answeredUndrawnOn: CivilDate? = nil
    ) {
      (self.drawnOn, self.verification, self.isVoid) = (drawnOn, verification, isVoid)
      self.answeredUndrawnOn = answeredUndrawnOn
    }
  }

  /// Counts of the rosters.
  package struct Rosters: Hashable, Sendable {
    package var objects = 0
    package var feedRows = 0
    package var matchedFeedRows = 0
    package var inspectorsOnDuty = 0
    package var inspectorsValid = 0

    package init() {}
  }

  /// What the engine tells of the unit's replica.
  package struct Sync: Hashable, Sendable {
    package var lastContactAt: Instant?
    package var lastChangeAt: Instant?
    package var oldestUnacknowledgedAt: Instant?
    package var openProblems = 0

    package init() {}
  }

  package var filings: [Filing] = []
  package var tasks: [TaskFact] = []
  package var visits: [Visit] = []
  package var results: [Result] = []
  package var followUps: [FollowUp] = []
  package var assignments: [Assignment] = []
  package var draws: [Draw] = []
  package var rosters = Rosters()
  package var sync = Sync()

  package init() {}
}
