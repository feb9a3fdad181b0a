/// One offer of a thing (an object's jurisdiction, an inspector, a follow-up) to another unit, with what
/// was answered. Source: domain.md §2.7.
package struct HandOver: Hashable, Sendable {
  /// What `to` answered.
  package enum Answer: Hashable, Sendable {
    /// It took the thing with the content of this hash.
    case accepted(contentHash: [UInt8])
    case refused(reason: String)
  }

  package let id: String
  /// Counts the offers of one thing from 1.
  package let sequence: Int
  package let from: UnitCode
  package let to: UnitCode
  /// The content that is offered. A write of `from` after the offer changes the content and thus undoes it.
  package let contentHash: [UInt8]
  package let offeredOn: CivilDate
  package var answer: Answer?
  /// The unit that the common superior named; it beats both.
  package var decision: UnitCode?

  package init(
    id: String, sequence: Int, from: UnitCode, to: UnitCode, contentHash: [UInt8],
    offeredOn: CivilDate, answer: Answer? = nil, decision: UnitCode? = nil
  ) {
    (self.id, self.sequence, self.from, self.to) = (id, sequence, from, to)
    (self.contentHash, self.offeredOn) = (contentHash, offeredOn)
    (self.answer, self.decision) = (answer, decision)
  }

  /// Whether the thing passed to `to`: accepted as it was offered.
  package var isAccepted: Bool {
    guard case .accepted(let hash) = answer else { return false }
    return hash == contentHash
  }

  /// Refuses an acceptance of something else than was offered. Source: domain.md §2.7 step 1.
  package func checkAcceptance(by unit: UnitCode, contentHash seen: [UInt8]) throws(RuleBreach) {
    guard unit == to else {
      throw RuleBreach(.followUp, row: id, .notOwner(unit: unit.text, owner: to.text))
    }
    guard seen == contentHash else { throw RuleBreach(.followUp, row: id, .offerOutdated) }
  }
}

/// Who owns a thing after its hand-overs: exactly one unit, on every node the same. Source: domain.md §2.7.
package struct Ownership: Hashable, Sendable {
  package let owner: UnitCode
  /// The offer that waits for an answer; nil when none does.
  package let open: HandOver?
  /// Whether the common superior has to decide: no answer in time, or refused too often.
  package let needsDecision: Bool
  /// Offers without effect, because who offered did not own the thing (C-05) or what was accepted is not
  /// what was offered.
  package let void: [String]

  /// Folds the offers of one thing, in any order. Two offers of one number, made at two terminals, count in
  /// order of their ids; the second then comes from a unit that no longer owns the thing.
  package init(
    initial: UnitCode, handOvers: [HandOver], today: CivilDate, calendar: WorkingCalendar,
    rules: RuleSet
  ) {
    var (owner, refusals, open, void) = (initial, 0, HandOver?.none, [String]())
    for offer in handOvers.sorted(by: { ($0.sequence, $0.id) < ($1.sequence, $1.id) }) {
      if let decision = offer.decision {
        (owner, refusals, open) = (decision, 0, nil)
      } else if offer.from != owner {
        void.append(offer.id)
      } else {
        switch offer.answer {
        case .accepted:
          if offer.isAccepted {
            (owner, refusals, open) = (offer.to, 0, nil)
          } else {
            void.append(offer.id)
          }
        case .refused:
          refusals += 1
          open = nil
        case nil: open = offer
        }
      }
    }
    let isLate =
      open.map {
        calendar.due(after: $0.offeredOn, workingDays: rules.handOverAnswerWorkingDays).date < today
      } ?? false
    (self.owner, self.open, self.void) = (owner, open, void)
    needsDecision = isLate || refusals >= rules.handOverRefusals
  }
}
