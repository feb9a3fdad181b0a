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

  /// A requirement of a line that is addressed to the unit and mandatory.
  package struct Requirement: Hashable, Sendable {
    package let id: String
    package let year: Int
    /// Whether a task of the unit's plan in force meets it; a reason in the place of one does not.
    package let isMet: Bool

    package init(id: String, year: Int, isMet: Bool) {
      (self.id, self.year, self.isMet) = (id, year, isMet)
    }
  }

  /// A task: how far it came and whether it was in the yearly plan.
  package struct TaskFact: Hashable, Sendable {
    package let code: String
    package let state: String
    package let isPlanned: Bool
    /// Whether it was drawn before it was terminated.
    package var wasDrawn: Bool
    package let windowTo: CivilDate
    /// Whether two departments or more have a part in it.
    package let isJoint: Bool
    /// Whether its objects are drawn, so that there is a draw to prove.
    package let needsDraw: Bool
    package let completedOn: CivilDate?
    /// When the unit's value of its draw was published, from when on anyone can make the draw again.
    package var provenOn: CivilDate?

    package init(
      code: String = "", state: String, isPlanned: Bool, wasDrawn: Bool, windowTo: CivilDate,
      isJoint: Bool = false, needsDraw: Bool = true, completedOn: CivilDate? = nil,
      provenOn: CivilDate? = nil
    ) {
      (self.code, self.state, self.isPlanned) = (code, state, isPlanned)
      (self.wasDrawn, self.windowTo) = (wasDrawn, windowTo)
      (self.isJoint, self.needsDraw) = (isJoint, needsDraw)
      (self.completedOn, self.provenOn) = (completedOn, provenOn)
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
    /// Departments that check something at it.
    package let departmentCount: Int
    /// Whether all its results are entered and published.
    package let isPublished: Bool
    /// Substituted or taken out after the commit.
    package let isPostDrawChange: Bool
    /// Its id first, then those of the visits that were merged into it.
    package let ids: [String]
    package let task: String

    package init(
      object: String, creditClass: String = "N", origin: CheckOrigin = .random,
      windowTo: CivilDate, visitedOn: CivilDate?, isOnSite: Bool = true, itemCount: Int = 1,
      departmentCount: Int = 1, isPublished: Bool = false, isPostDrawChange: Bool = false,
      ids: [String] = [], task: String = ""
    ) {
      (self.object, self.creditClass, self.origin) = (object, creditClass, origin)
      (self.windowTo, self.visitedOn, self.isOnSite) = (windowTo, visitedOn, isOnSite)
      (self.itemCount, self.departmentCount) = (itemCount, departmentCount)
      self.isPublished = isPublished
      self.isPostDrawChange = isPostDrawChange
      (self.ids, self.task) = (ids, task)
    }
  }

  /// A final result with its publication.
  package struct Result: Hashable, Sendable {
    /// Visit, item and department.
    package let row: String
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
    /// Whether its visit is not here: it is kept, and told after some days (C-35).
    package let isDangling: Bool

    package init(
      row: String = "", checkedOn: CivilDate, findings: CodeSet<Finding>,
      completedOn: CivilDate? = nil,
      publicationDue: CivilDate? = nil, publishedOn: CivilDate? = nil, isExempt: Bool = false,
      isChainComplete: Bool = true, listedOn: CivilDate? = nil, isDangling: Bool = false
    ) {
      (self.row, self.checkedOn, self.findings) = (row, checkedOn, findings)
      self.completedOn = completedOn
      (self.publicationDue, self.publishedOn) = (publicationDue, publishedOn)
      (self.isExempt, self.isChainComplete) = (isExempt, isChainComplete)
      (self.listedOn, self.isDangling) = (listedOn, isDangling)
    }
  }

  /// A follow-up, from its creation to its end.
  package struct FollowUp: Hashable, Sendable {
    package let createdOn: CivilDate
    package let closedOn: CivilDate?
    /// Visit, item and department.
    package let result: String

    package init(createdOn: CivilDate, closedOn: CivilDate?, result: String = "") {
      (self.createdOn, self.closedOn, self.result) = (createdOn, closedOn, result)
    }
  }

  /// A result that goes to justice.
  package struct JusticeTransfer: Hashable, Sendable {
    /// Visit, item and department.
    package let result: String
    package let reportedOn: CivilDate
    package let approvedAt: Instant
    package let handedOverAt: Instant?

    package init(
      result: String, reportedOn: CivilDate, approvedAt: Instant, handedOverAt: Instant?
    ) {
      (self.result, self.reportedOn) = (result, reportedOn)
      (self.approvedAt, self.handedOverAt) = (approvedAt, handedOverAt)
    }
  }

  /// How an inspector came to a visit.
  package struct Assignment: Hashable, Sendable {
    package let mode: AssignmentMode
    package let hasRecordedShortage: Bool
    /// Whether another goes in this one's place: it counts as a change after the draw and for no share.
    package let isReplaced: Bool
    package let visit: String

    package init(
      mode: AssignmentMode, hasRecordedShortage: Bool, isReplaced: Bool = false, visit: String = ""
    ) {
      (self.mode, self.hasRecordedShortage) = (mode, hasRecordedShortage)
      (self.isReplaced, self.visit) = (isReplaced, visit)
    }
  }

  /// A draw and what the hub says of it: MATCH, MISMATCH or PENDING.
  package struct Draw: Hashable, Sendable {
    package let id: String
    package let drawnOn: CivilDate
    package let verification: String
    package let isVoid: Bool
    /// When the hub gave its value, while nothing was drawn with it; nil otherwise.
    package let answeredUndrawnOn: CivilDate?
    /// Codes of what was drawn for.
    package let tasks: [String]
    /// Rows of the roster that the draw before was made from; 0 for a first draw.
    package var rowsBefore = 0
    /// Rows of it that are gone without a reason on record.
    package var rowsLost = 0
    /// Exclusion marks that the unit set between its commit and the draw: without effect on a frozen roster.
    package var lateExclusions = 0
    /// Those of them that were set when the hub's value was known: a signal of manipulation (C-34).
    package var manipulations = 0

    package init(
      id: String = "", drawnOn: CivilDate, verification: String, isVoid: Bool,
      answeredUndrawnOn: CivilDate? = nil, tasks: [String] = []
    ) {
      self.tasks = tasks
      (self.id, self.drawnOn, self.verification) = (id, drawnOn, verification)
      (self.isVoid, self.answeredUndrawnOn) = (isVoid, answeredUndrawnOn)
    }
  }

  /// Counts of the rosters.
  package struct Rosters: Hashable, Sendable {
    package var objects = 0
    package var feedRows = 0
    package var matchedFeedRows = 0
    /// All but those who have left or retired.
    package var inspectors = 0
    /// On duty, with a valid certificate and the training that the rules ask for.
    package var inspectorsValid = 0

    package init() {}
  }

  /// What the engine tells of the unit's replica.
  package struct Sync: Hashable, Sendable {
    package var lastContactAt: Instant?
    package var lastChangeAt: Instant?
    package var oldestUnacknowledgedAt: Instant?
    /// Bytes that no parent has acknowledged.
    package var queuedBytes: Int?
    /// Change sets of the unit that have no effect.
    package var refused = 0
    /// Values of others that wait for the owner's word.
    package var proposals = 0
    /// Conflicts that wait for a person.
    package var reviews = 0
    /// When the oldest of what waits was written.
    package var oldestOpenAt: Instant?

    package init() {}
  }

  package var filings: [Filing] = []
  package var requirements: [Requirement] = []
  package var tasks: [TaskFact] = []
  package var visits: [Visit] = []
  package var results: [Result] = []
  package var followUps: [FollowUp] = []
  package var justiceTransfers: [JusticeTransfer] = []
  package var assignments: [Assignment] = []
  package var draws: [Draw] = []
  package var rosters = Rosters()
  package var sync = Sync()

  package init() {}
}
