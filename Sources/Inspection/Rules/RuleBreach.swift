/// A rule that a row does not keep: which requirement of which clause, which row, and the facts.
///
/// It is an error where a person is about to write the row, and a violation for people to see where the
/// row has come from another node. The text for people is made in the executable.
package struct RuleBreach: Error, Hashable, Sendable {
  package let requirement: Requirement
  /// The row as people name it, e.g. `530102-2026-0003` or `530102/Y0101/2`.
  package let row: String
  package let rule: Rule

  package init(_ requirement: Requirement, row: String, _ rule: Rule) {
    (self.requirement, self.row, self.rule) = (requirement, row, rule)
  }

  /// What is wrong; each case carries the facts that a text for people needs.
  package enum Rule: Hashable, Sendable {
    /// A needed field is empty; its Chinese title.
    case missing(field: String)
    /// A field is not of its form; title and value.
    case malformed(field: String, value: String)
    /// A field has none of the codes that it may have.
    case notOneOf(field: String, value: String, codes: [String])
    /// No legal basis is valid on that day.
    case noValidBasis(on: CivilDate)

    // Items and overlays.
    case itemNotListed(code: String)
    case itemListedAlready(code: String)
    case classChanged(code: String)
    case legalTextChanged(code: String)
    case capRaised(code: String, fromBp: Int, toBp: Int)
    case capOnKeyItem(code: String)
    case methodsWidened(code: String, methods: [String])
    case withdrawnBeforeCommit(code: String)

    // Plans.
    case ratioAboveCap(item: String, ratioBp: Int, capBp: Int)
    case ratioOutOfRange(bp: Int)
    case batchOrderNeeded(ratioBp: Int, thresholdBp: Int)
    case teamTooSmall(size: Int)
    /// A unit that is to visit is not below the one that draws.
    case notBelow(unit: String)
    /// The province opened no library of that name.
    case libraryMissing(library: String)
    /// A draw is not what the signed plan says.
    case planDiffers(task: String)
    case windowReversed(from: CivilDate, to: CivilDate)
    case windowOutsideYear(year: Int)
    case filterOnUnpublishedField(field: String)
    case filterOnDrawOfAll
    case requirementUnmet(id: String, item: String)
    case requirementFixedAbove(id: String)
    case taskDeletedAfterDraw(task: String, state: String)
    case taskCodeRepeated(task: String)
    case terminationWithoutReason(task: String)
    case nonRandomOnListedItem(item: String)
    case duplicateDeployment(other: String, items: [String])

    // Draws.
    /// The province has published no barrier that this node has.
    case barrierMissing
    /// The knowledge does not cover the barrier: stream and replica, what is here and what is needed.
    case barrierNotCovered(stream: String, has: UInt64, needs: UInt64)
    /// Nobody published committed values for the year: `unit` is to.
    case anchorMissing(unit: String, year: Int)
    case redrawWithoutVoid(task: String, sequence: Int)
    /// A superior voided the draw that a visit comes from.
    case drawVoided(draw: String)
    /// A superior voided the draw above that gave the unit what it is to visit.
    case shareVoided(unit: String, draw: String)
    /// A later list was known when the roster was frozen (C-08).
    case outdatedList(committed: UInt64, known: UInt64)
    /// Another commit took the value.
    case valueTaken(index: Int, by: String)
    case signatureInvalid(role: String)
    /// The frame that the hub made again is another one.
    case frameDiffers(frame: String)
    /// The list of who may not visit whom that the hub made again is another one.
    case avoidanceDiffers
    case notAcknowledged(commit: String)
    /// An inspector is lent to another unit on some of the days (C-15).
    case lentElsewhere(inspector: String, unit: String)
    case draw(DrawError)

    // States.
    case illegalTransition(machine: String, from: String, to: String)
    case visitsOpen(count: Int)

    // Visits and results.
    case tooFewInspectors(count: Int)
    case signerNotOnTeam(inspector: String)
    case signerNotInspector(inspector: String)
    case certificateExpired(inspector: String, validTo: String)
    case directWithoutShortage
    case neighbourWithoutLetter
    case findingsEmpty
    case findingsExclude(code: String, others: [String])
    case methodNotAllowed(method: String)
    case methodNeedsInspectors(method: String)
    case mandatoryQuestionOpen(question: String)
    case checkedOutsideWindow(on: CivilDate)
    case changedAfterFinal(state: String)

    // Publication, follow-up, leads.
    case exemptionWithoutGround
    /// A mandatory follow-up ends with one outcome only.
    case endReplaced(demanded: String, outcome: String)
    case noGroundWithoutApproval
    case notOwner(unit: String, owner: String)
    case offerOutdated
    case late(due: CivilDate, done: CivilDate)
    /// What comes later is said to have been earlier, or has yet to come.
    case datesReversed(from: CivilDate, to: CivilDate)
  }
}
